// Changes of messages: which of them are news to a row, and those that came while other rows were being fetched.

// Kept at the most, in memory. Beyond that, rows that were read before them can't be brought up to date.
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

/** The changes that come while other rows are being fetched. Otherwise none are kept, since they may be long texts. */
export class RecentChanges {
  /** @type {Map<string, RowChange>} In the order of seq. */
  #changes = new Map()
  #since
  #limit
  /** How many requests they are kept for. */
  #wanted = 0

  /**
   * @param {number} since The last entry before the first change.
   * @param {number} [limit]
   */
  constructor(since, limit = LIMIT) {
    this.#since = since
    this.#limit = limit
  }

  /** From now on changes are kept: rows are about to be read. */
  keep() {
    this.#wanted += 1
  }

  /** The rows have been brought up to date. */
  release() {
    this.#wanted -= 1
    while (this.#wanted === 0 && this.#changes.size > 0) this.#dropFirst()
  }

  /** @param {RowChange} change After all others. */
  add(change) {
    const key = keyOf(change)
    this.#changes.delete(key)
    this.#changes.set(key, change)
    if (this.#changes.size > (this.#wanted > 0 ? this.#limit : 0)) this.#dropFirst()
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
 * An edit supersedes earlier ones of its target, and a deletion all of them, so that their text is not kept. Reactions
 * don't: their order is that of the chips.
 * @param {RowChange} change
 */
function keyOf(change) {
  const isOfText = change.type === "message_edited" || change.type === "message_deleted"
  return isOfText ? `text of ${change.target}` : `${change.seq}`
}
