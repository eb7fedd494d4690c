// How far the user has read this page's group: counts the messages that come, and marks them as read while its end is in
// view of somebody who is there.

const PAUSE = 3_000 // milliseconds between two marks

/** @typedef {{ read: number, rev: number }} Place */

export class Reading {
  #user
  #place
  #unread = 0
  #mentions = 0
  #last
  /** The seq as of which the server counted. */
  #at = 0
  /** @type {number[]} The seqs of the messages of others since. */
  #since = []
  #markedAt = -Infinity
  #isHeld = false

  /**
   * @param {string} user
   * @param {number} last The seq up to which the page has read the log.
   * @param {Place} place How far the user had read it when the page was loaded.
   */
  constructor(user, last, place) {
    this.#user = user
    this.#last = last
    this.#place = place
  }

  /**
   * @param {import("../connection/protocol.js").Ready} ready
   * @param {string} group
   */
  ready({ seq, read, read_rev, unread = {}, mentions = {} }, group) {
    if (read === undefined || read_rev === undefined) return
    this.#at = 0
    this.changed({ unread: unread[group] ?? 0, mentions: mentions[group] ?? 0, read, read_rev, at: seq })
    this.#markedAt = -Infinity
  }

  /**
   * The server has counted.
   * @param {Omit<import("../connection/protocol.js").Unread, "type" | "group_uuid">} numbers
   */
  changed({ unread, mentions, read, read_rev, at }) {
    if (at < this.#at) return
    // Somebody wants to read it again: only their coming back to the end means that they have.
    if (read_rev > this.#place.rev) this.#isHeld = true
    this.#place = { read, rev: read_rev }
    this.#unread = unread
    this.#mentions = mentions
    this.#at = at
    this.#since = this.#since.filter(seq => seq > at)
  }

  /** @param {import("../connection/protocol.js").Entry} entry */
  follow(entry) {
    this.#last = entry.seq
    if (entry.type === "text_message" && entry.author !== this.#user && entry.seq > this.#at) {
      this.#since.push(entry.seq)
    }
  }

  /** The user has scrolled away from the end. */
  leftEnd() {
    this.#isHeld = false
  }

  /**
   * What to show beside the group.
   * @param {boolean} isReading Whether its end is in view of somebody who is there.
   */
  numbers(isReading) {
    if (isReading && !this.#isHeld) return { unread: 0, mentions: this.#mentions }
    return { unread: this.#unread + this.#since.length, mentions: this.#mentions }
  }

  /**
   * The mark to send now, if any. What is not answered is sent again.
   * @param {boolean} isReading
   * @param {number} now
   */
  mark(isReading, now) {
    const isRead = this.#last <= this.#place.read
    if (isRead || !isReading || this.#isHeld || now - this.#markedAt < PAUSE) return null
    this.#markedAt = now
    return { type: "mark_read", seq: this.#last, read_rev: this.#place.rev }
  }
}
