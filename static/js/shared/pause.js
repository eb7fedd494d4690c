// Waiting.

const [FIRST_WAIT, LONGEST_WAIT] = [1_000, 60_000] // milliseconds

/**
 * Resolves after so many milliseconds.
 * @param {number} milliseconds
 */
export function pause(milliseconds) {
  return new Promise(done => setTimeout(done, milliseconds))
}

/**
 * Tries again, after longer and longer waits, until there is a result that is not null.
 * @template Result
 * @param {() => Promise<Result | null>} act
 * @returns {Promise<Result>}
 */
export async function untilDone(act) {
  for (let wait = FIRST_WAIT; ; wait = Math.min(2 * wait, LONGEST_WAIT)) {
    const result = await act()
    if (result !== null) return result
    await pause(wait)
  }
}
