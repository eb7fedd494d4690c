// localStorage; where the browser refuses it or it is full, this tab's sessionStorage, which has a quota of its own;
// else memory: typed text must not be lost to a quota.

/** @type {Map<string, string>} */
const memory = new Map()

/**
 * @param {string} key
 * @param {string} value
 */
export function keep(key, value) {
  if (stored(() => localStorage.setItem(key, value)) !== null) forgetHere(key)
  else if (keepInTab(key, value)) memory.delete(key)
  else memory.set(key, value)
}

/** @param {string} key */
export function kept(key) {
  return memory.get(key) ?? keptInTab(key) ?? stored(() => localStorage.getItem(key))
}

/** @param {string} key */
export function forget(key) {
  forgetHere(key)
  stored(() => localStorage.removeItem(key))
}

/**
 * Forgets what only this tab has, so that what another tab has stored is valid.
 * @param {string} key
 */
export function forgetHere(key) {
  memory.delete(key)
  forgetInTab(key)
}

/**
 * All keys that begin so, sorted.
 * @param {string} prefix
 */
export function keysWith(prefix) {
  const shared = stored(() => Object.keys(localStorage)) ?? []
  const own = stored(() => Object.keys(sessionStorage)) ?? []
  return [...new Set([...shared, ...own, ...memory.keys()])].filter(key => key.startsWith(prefix)).sort()
}

/**
 * Moves a value. The old key goes first, since a full storage has no space for both.
 * @param {string} from
 * @param {string} to
 */
export function rename(from, to) {
  const value = kept(from)
  if (value === null) return
  forget(from)
  keep(to, value)
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
