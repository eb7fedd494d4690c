// The log's newest entries: those that the server did not have yet when it rendered the end of the log that is shown next.

const LIMIT = 100 // beyond that the server is asked for them

/** @typedef {import("./rows.js").ShownEntry} ShownEntry */

export class Held {
  /** @type {ShownEntry[]} In order. */
  #entries = []
  /** The last entry before them. */
  #since = 0

  /** @param {number} since The last entry when the page was loaded. */
  constructor(since) {
    this.#since = since
  }

  /** @param {ShownEntry} entry After all others. */
  add(entry) {
    this.#entries.push(entry)
    if (this.#entries.length > LIMIT) this.#since = this.#entries.shift()?.seq ?? 0
  }

  /**
   * Those after this entry. Null if some of these are no longer known.
   * @param {number} seq
   */
  after(seq) {
    return seq < this.#since ? null : this.#entries.filter(entry => entry.seq > seq)
  }
}
