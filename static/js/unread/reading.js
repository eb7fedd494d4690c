// How far the user has read this page's group: counts the messages that come, and marks them as read while its end is in
// view of somebody who is there.

const PAUSE = 3_000 // milliseconds between two marks
const NOTHING = { seq: 0, at: -Infinity }

/** @typedef {Omit<import("../connection/protocol.js").Unread, "type" | "group_uuid">} Counted By the server, as of `at`. */

export class Reading {
  #user
  #counted
  /** The seq up to which the page has read the log. */
  #last
  /** The seq up to which somebody has seen it. */
  #seen
  /** @type {number[]} The seqs of the messages of others since the server counted. */
  #since = []
  #marked = NOTHING
  #isHeld = false

  /**
   * @param {string} user
   * @param {Counted} counted When the page was loaded.
   */
  constructor(user, counted) {
    this.#user = user
    this.#counted = counted
    this.#last = counted.at
    this.#seen = counted.read
  }

  /**
   * @param {import("../connection/protocol.js").Ready} ready
   * @param {string} group
   */
  ready({ seq, read, read_rev, unread = {}, mentions = {} }, group) {
    if (read === undefined || read_rev === undefined) return
    this.#take({ unread: unread[group] ?? 0, mentions: mentions[group] ?? 0, read, read_rev, at: seq })
    this.#marked = NOTHING
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
    // They want to read it again. This tab may have the focus while they are at another device: only what they do here,
    // or their coming back, means that they have.
    if (counted.read_rev > this.#counted.read_rev) this.#hold(counted.read)
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

  /** @param {number} read */
  #hold(read) {
    this.#isHeld = true
    this.#seen = read
    this.#marked = NOTHING
  }

  /** The user has left the end, or is there after all: what is in view from now on is read. */
  release() {
    this.#isHeld = false
  }

  /** @param {boolean} isReading Whether the log's end is in view of somebody who is there. */
  look(isReading) {
    if (!isReading) this.release()
    else if (!this.#isHeld) this.#seen = this.#last
  }

  /** What to show beside the group: what is unread without what was seen. */
  get numbers() {
    const { unread, mentions, at } = this.#counted
    const isSeen = this.#seen >= at
    const since = this.#since.filter(seq => seq > this.#seen).length
    return { unread: (isSeen ? 0 : unread) + since, mentions: isSeen ? 0 : mentions }
  }

  /**
   * The mark to send now, if any. What is not answered is sent again.
   * @param {number} now
   */
  mark(now) {
    return now - this.#marked.at < PAUSE ? null : this.#mark(now)
  }

  /**
   * The mark to send when the user leaves, if any.
   * @param {number} now
   */
  leave(now) {
    return this.#seen > this.#marked.seq ? this.#mark(now) : null
  }

  /** @param {number} now */
  #mark(now) {
    if (!this.#isDue) return null
    this.#marked = { seq: this.#seen, at: now }
    return { type: "mark_read", seq: this.#seen, read_rev: this.#counted.read_rev }
  }

  // What makes nothing unread, as reactions, leaves nothing to mark: each would cost a mark of each reader.
  get #isDue() {
    const { unread, mentions, read } = this.#counted
    return this.#seen > read && (unread + mentions > 0 || this.#since.some(seq => seq <= this.#seen))
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
