// localStorage, or memory where the browser refuses it or it is full: what was typed must not be lost to a quota.

/** @type {Map<string, string>} */
const memory = new Map()

/**
 * @param {string} key
 * @param {string} value
 */
export function keep(key, value) {
  try {
    localStorage.setItem(key, value)
    memory.delete(key)
  } catch {
    memory.set(key, value)
  }
}

/** @param {string} key */
export function kept(key) {
  return memory.get(key) ?? stored(() => localStorage.getItem(key))
}

/** @param {string} key */
export function forget(key) {
  memory.delete(key)
  stored(() => localStorage.removeItem(key))
}

/** @param {string} prefix */
export function keysWith(prefix) {
  const keys = stored(() => Object.keys(localStorage)) ?? []
  return [...new Set([...keys, ...memory.keys()])].filter(key => key.startsWith(prefix)).sort()
}

/**
 * @template T
 * @param {() => T} access
 */
function stored(access) {
  try {
    return access()
  } catch {
    return null
  }
}
