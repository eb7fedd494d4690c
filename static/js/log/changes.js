// Changes of messages: which of them are news to a row, and those that came while older rows were being fetched.

// Kept at the most, in memory. Beyond that, rows that were read before can't be brought up to date.
const LIMIT = 2_000

/**
 * An entry that changes what a message's row shows: a change, or a message that answers it.
 * @typedef {import("../connection/protocol.js").Change | { type: "reply", seq: number, target: number }} RowChange
 */
/**
 * What the page shows of a message. `asof`: the last entry of the log that was known when it was read.
 * @typedef {{ asof: number, rev: number, isDeleted: boolean }} Shown
 */

/**
 * Whether what is shown lacks the change. A deletion after which the text is gone already still says who deleted it.
 * @param {RowChange} change
 * @param {Shown} shown
 */
export function isNews(change, { asof, rev, isDeleted }) {
  if (change.seq <= asof) return false
  if (change.type === "message_deleted" || change.type === "reply") return true
  // The deletion itself follows.
  if (isDeleted || change.deleted) return false
  return change.type === "reaction" || change.rev >= rev
}

/** The last changes, as long as they are not superseded: each has the state of its target, not a difference. */
export class RecentChanges {
  /** @type {Map<string, RowChange>} In the order of seq. */
  #changes = new Map()
  #since
  #limit

  /**
   * @param {number} since The last entry before the first change.
   * @param {number} [limit]
   */
  constructor(since, limit = LIMIT) {
    this.#since = since
    this.#limit = limit
  }

  /** @param {RowChange} change After all others. */
  add(change) {
    const key = keyOf(change)
    this.#changes.delete(key)
    this.#changes.set(key, change)
    if (this.#changes.size > this.#limit) this.#dropFirst()
  }

  /**
   * The changes after this entry, in order. Null if some of them are no longer known.
   * @param {number} seq
   */
  after(seq) {
    if (seq < this.#since) return null
    return [...this.#changes.values()].filter(change => change.seq > seq)
  }

  #dropFirst() {
    for (const [key, { seq }] of this.#changes) {
      this.#changes.delete(key)
      this.#since = seq
      return
    }
  }
}

/**
 * What the change sets. A deletion supersedes edits, so that their text is not kept.
 * @param {RowChange} change
 */
function keyOf(change) {
  if (change.type === "reply") return `reply ${change.seq}`
  return change.type === "reaction" ? `${change.target} ${change.emoji} ${change.user}` : String(change.target)
}
