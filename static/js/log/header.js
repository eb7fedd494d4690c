// Rows of one author that follow each other closely share one header: the rule of `continues` in pages/group.py.

/**
 * Whether a message of `author` at `moment` goes on under the header of the row above it.
 * @param {{ kind: string, name: string, timestamp: string } | null} above
 * @param {string} author
 * @param {Date} moment
 * @param {number} seconds How close they must follow.
 */
export function continues(above, author, moment, seconds) {
  if (above?.kind !== "message" || above.name !== author) return false
  return moment.getTime() - new Date(above.timestamp).getTime() < seconds * 1_000
}
