// The log's newest entries, while the page shows another part of it: they get rows when the end is shown again.

const LIMIT = 100 // beyond that the server is asked for them

/** @typedef {import("./rows.js").ShownEntry} ShownEntry */

export class Held {
  /** @type {ShownEntry[]} In order. */
  #entries = []
  /** The last entry before them. */
  #since = 0

  /** @param {ShownEntry} entry After all others. */
  add(entry) {
    if (this.#entries.length === 0) this.#since = entry.seq - 1
    this.#entries.push(entry)
    if (this.#entries.length > LIMIT) this.#since = this.#entries.shift()?.seq ?? 0
  }

  /**
   * Those after this entry, and keeps none. Null if some of these are no longer known.
   * @param {number} seq
   */
  take(seq) {
    const entries = this.#entries.splice(0)
    return entries.length > 0 && seq < this.#since ? null : entries.filter(entry => entry.seq > seq)
  }
}
