// How far this page has read the log, whether or not it shows a row for each entry.

export class Cursor {
  #seq
  #timestamp
  #epoch

  /**
   * @param {number} seq Of the last entry that was read.
   * @param {string} [timestamp] Of that entry, as the server wrote it, if a row shows it.
   * @param {string} [epoch] Of the log, if the page names it.
   */
  constructor(seq, timestamp, epoch) {
    this.#seq = seq
    this.#timestamp = timestamp
    this.#epoch = epoch
  }

  get seq() {
    return this.#seq
  }

  /** The URL's query with which the server reads on from here, or notices that this is another log. */
  get query() {
    const query = new URLSearchParams({ since: String(this.#seq) })
    if (this.#epoch !== undefined) query.set("epoch", this.#epoch)
    if (this.#epoch !== undefined && this.#timestamp) query.set("at", this.#timestamp)
    return `?${query}`
  }

  /**
   * Whether this epoch may be that of the log that was read. True if either side does not know it.
   * @param {string | number} [epoch]
   */
  isIn(epoch) {
    return epoch === undefined || this.#epoch === undefined || String(epoch) === this.#epoch
  }

  /**
   * Whether entries are missing before this one.
   * @param {import("../connection/protocol.js").Entry} entry
   */
  isBefore(entry) {
    return entry.seq > this.#seq + 1
  }

  /**
   * Counts the entry if it is the next one. Returns false if it was read before.
   * @param {import("../connection/protocol.js").Entry} entry
   */
  advance({ seq, timestamp }) {
    if (seq !== this.#seq + 1) return false
    this.#seq = seq
    this.#timestamp = timestamp
    return true
  }
}
