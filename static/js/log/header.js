// Consecutive messages of one author share a header if they follow closely: the same rule as `continues` in
// pages/rows.py.

/**
 * Whether a message of `author` at `moment` shares the header of the row above it.
 * @param {{ kind: string, name: string, timestamp: string } | null} above
 * @param {string} author
 * @param {Date} moment
 * @param {number} seconds How close they must follow.
 */
export function continues(above, author, moment, seconds) {
  if (above?.kind !== "message" || above.name !== author) return false
  // Older than the row above if the clock was set back: the header's time would be wrong for it.
  return Math.abs(moment.getTime() - new Date(above.timestamp).getTime()) < seconds * 1_000
}
