// How far the user has read this page's group: counts the messages that come, and marks them as read while its end is in
// view of somebody who is there.

const PAUSE = 3_000 // milliseconds between two marks

/** @typedef {Omit<import("../connection/protocol.js").Unread, "type" | "group_uuid">} Counted By the server, as of `at`. */

export class Reading {
  #user
  #counted
  /** The seq up to which the page has read the log. */
  #last
  /** @type {number[]} The seqs of the messages of others since the server counted. */
  #since = []
  #markedAt = -Infinity
  #isHeld = false

  /**
   * @param {string} user
   * @param {Counted} counted When the page was loaded.
   */
  constructor(user, counted) {
    this.#user = user
    this.#counted = counted
    this.#last = counted.at
  }

  /**
   * @param {import("../connection/protocol.js").Ready} ready
   * @param {string} group
   */
  ready({ seq, read, read_rev, unread = {}, mentions = {} }, group) {
    if (read === undefined || read_rev === undefined) return
    this.#take({ unread: unread[group] ?? 0, mentions: mentions[group] ?? 0, read, read_rev, at: seq })
    this.#markedAt = -Infinity
  }

  /**
   * The server has counted.
   * @param {Counted} counted
   */
  changed(counted) {
    if (counted.at >= this.#counted.at) this.#take(counted)
  }

  /** @param {Counted} counted */
  #take(counted) {
    // Somebody wants to read it again: only their coming back to the end means that they have.
    if (counted.read_rev > this.#counted.read_rev) this.#isHeld = true
    this.#counted = counted
    this.#since = this.#since.filter(seq => seq > counted.at)
  }

  /** @param {import("../connection/protocol.js").Entry} entry */
  follow(entry) {
    this.#last = entry.seq
    if (entry.type === "text_message" && entry.author !== this.#user && entry.seq > this.#counted.at) {
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
    const { unread, mentions } = this.#counted
    if (isReading && !this.#isHeld) return { unread: 0, mentions }
    return { unread: unread + this.#since.length, mentions }
  }

  /**
   * The mark to send now, if any. What is not answered is sent again. What makes nothing unread, as reactions, leaves
   * nothing to mark: each would cost a mark of each reader.
   * @param {boolean} isReading
   * @param {number} now
   */
  mark(isReading, now) {
    const { unread, mentions, read, read_rev } = this.#counted
    const isRead = this.#last <= read || unread + mentions + this.#since.length === 0
    if (isRead || !isReading || this.#isHeld || now - this.#markedAt < PAUSE) return null
    this.#markedAt = now
    return { type: "mark_read", seq: this.#last, read_rev }
  }
}

/**
 * What the server had counted when it wrote the page.
 * @param {DOMStringMap} page The data of its element.
 * @returns {Counted}
 */
export function countedIn({ unread, mentions, read, readRev, last }) {
  return {
    unread: Number(unread),
    mentions: Number(mentions),
    read: Number(read),
    read_rev: Number(readRev),
    at: Number(last),
  }
}
