// localStorage, or memory where the browser refuses it or it is full: what was typed must not be lost to a quota.

const memory = new Map()

export function keep(key, value) {
  try {
    localStorage.setItem(key, value)
    memory.delete(key)
  } catch {
    memory.set(key, value)
  }
}

export function kept(key) {
  return memory.get(key) ?? stored(() => localStorage.getItem(key))
}

export function forget(key) {
  memory.delete(key)
  stored(() => localStorage.removeItem(key))
}

export function keysWith(prefix) {
  const keys = stored(() => Object.keys(localStorage)) ?? []
  return [...new Set([...keys, ...memory.keys()])].filter(key => key.startsWith(prefix)).sort()
}

function stored(access) {
  try {
    return access()
  } catch {
    return null
  }
}
