/**
 * Resolves after so many milliseconds.
 * @param {number} milliseconds
 */
export function pause(milliseconds) {
  return new Promise(done => setTimeout(done, milliseconds))
}
