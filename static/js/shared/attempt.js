// For what must not stop the rest of a page: decoration that a browser may lack a feature for, and single rows.

/** @type {Set<string>} */
const reported = new Set()

/**
 * Returns what `change()` returns, or undefined if it raises: then the error goes to the console, the same one only once.
 * @template T
 * @param {() => T} change
 * @returns {T | undefined}
 */
export function attempt(change) {
  try {
    return change()
  } catch (error) {
    report(error)
    return undefined
  }
}

/**
 * Logs the error to the console, the same one only once.
 * @param {unknown} error
 */
export function report(error) {
  if (reported.has(String(error))) return
  reported.add(String(error))
  console.error(error)
}
