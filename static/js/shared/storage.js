// localStorage, or memory if the browser refuses it or it is full: typed text must not be lost to a quota.

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

/** Whether everything stored would survive a reload. */
export function isLasting() {
  return memory.size === 0
}

/**
 * Stores a value for this tab only, across reloads. Returns false if the browser refuses it.
 * @param {string} key
 * @param {string} value
 */
export function keepInTab(key, value) {
  return stored(() => sessionStorage.setItem(key, value)) !== null
}

/** @param {string} key */
export function keptInTab(key) {
  return stored(() => sessionStorage.getItem(key))
}

/** @param {string} key */
export function forgetInTab(key) {
  stored(() => sessionStorage.removeItem(key))
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
