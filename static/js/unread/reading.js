// How far the user has read this page's group: counts the messages that come, and marks as read what was in view of
// somebody who is there.

import { indexOfFirst } from "../shared/bisect.js"

const PAUSE = 3_000 // milliseconds between two marks
const DWELL = 800 // milliseconds in view, after which something is read
const NOTHING = { seq: 0, at: -Infinity }

/** @typedef {Omit<import("../connection/protocol.js").Unread, "type" | "group_uuid">} Counted By the server, as of `at`. */
/**
 * What is in view: the last entry that ended there or above, and the entry from which on the page shows the log without
 * a gap.
 * @typedef {{ to: number, from: number }} View
 */
/** @typedef {import("./badges.js").Numbers} Numbers */

export class Reading {
  #user
  #counted
  /** The seq up to which the page has read the log. */
  #last
  /** The seq up to which somebody has seen it. */
  #seen
  /** The first message that may be unread. */
  #firstUnread
  /** @type {number[]} The seqs of the messages of others since the server counted, in order. */
  #since = []
  /** @type {{ at: number, to: number, last: number }[]} Views of the last moments, and the log's last entry then. */
  #views = []
  /** Whether somebody has been there for long enough to read what comes. */
  #isFollowing = false
  #marked = NOTHING
  #isHeld
  #isHeldForGood

  /**
   * @param {string} user
   * @param {Counted} counted When the page was loaded.
   * @param {{ firstUnread?: number, isHeld?: boolean }} [options] `isHeld`: the user has just marked it as unread here, so
   *   that nothing is read before they open the group anew.
   */
  constructor(user, counted, { firstUnread = 0, isHeld = false } = {}) {
    this.#user = user
    this.#counted = counted
    this.#last = counted.at
    this.#seen = counted.read
    this.#firstUnread = firstUnread || counted.read + 1
    this.#isHeld = isHeld
    this.#isHeldForGood = isHeld
  }

  /**
   * @param {import("../connection/protocol.js").Ready} ready
   * @param {string} group
   */
  ready({ seq, read, read_rev, unread = {}, mentions = {}, alerts = {} }, group) {
    if (read === undefined || read_rev === undefined) return
    const numbers = { unread: unread[group] ?? 0, mentions: mentions[group] ?? 0, alerts: alerts[group] ?? 0 }
    this.#take({ ...numbers, read, read_rev, at: seq })
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
    this.#seen = Math.max(this.#seen, counted.read)
    this.#firstUnread = Math.max(this.#firstUnread, counted.read + 1)
    this.#since = this.#since.filter(seq => seq > counted.at)
  }

  /** @param {import("../connection/protocol.js").Entry} entry */
  follow(entry) {
    this.#last = entry.seq
    if (entry.type === "text_message" && entry.author !== this.#user && entry.seq > this.#counted.at) {
      if (!this.isUnread) this.#firstUnread = entry.seq
      this.#since.push(entry.seq)
    }
  }

  /** @param {number} read */
  #hold(read) {
    this.#isHeld = true
    this.#seen = read
    this.#firstUnread = read + 1
    this.#views = []
    this.#marked = NOTHING
  }

  /**
   * The user marks this message and all that follow as unread: here nothing is read before they open the group anew.
   * @param {number} seq
   */
  markUnread(seq) {
    this.#hold(Math.min(seq - 1, this.#seen))
    this.#isHeldForGood = true
    this.#isFollowing = false
  }

  /** The user is there after all: what is in view from now on is read. */
  release() {
    this.#isHeld = this.#isHeldForGood
  }

  /** Whether there is anything to read. */
  get isUnread() {
    const { unread, mentions } = this.#numbersAfter(this.#seen)
    return unread + mentions > 0
  }

  /** The first message that may be unread. */
  get firstUnread() {
    return this.#firstUnread
  }

  /**
   * What is in view of somebody who is there, a few times per second; null while nobody is.
   * @param {View | null} view
   * @param {number} now
   */
  look(view, now) {
    this.#isFollowing = false
    if (!view) this.release()
    // What is between the first unread message and the rows that are shown was not seen.
    if (!view || this.#isHeld || view.from > this.#firstUnread) {
      this.#views = []
      return
    }
    this.#views.push({ at: now, to: view.to, last: this.#last })
    const isOld = (/** @type {{ at: number }} */ each) => each.at <= now - DWELL
    while (this.#views.length > 1 && isOld(this.#views[1])) this.#views.shift()
    if (!isOld(this.#views[0])) return
    this.#isFollowing = this.#views.every(({ to }) => to === Number.POSITIVE_INFINITY)
    this.#see(Math.min(...this.#views.map(({ to, last }) => Math.min(to, last))))
  }

  /** @param {number} seq */
  #see(seq) {
    if (seq <= this.#seen) return
    this.#seen = Math.min(seq, this.#last)
    this.#firstUnread = Math.max(this.#firstUnread, this.#seen + 1)
  }

  /** Everything counts as read, wherever the reader is. */
  seeAll() {
    this.#isHeld = false
    this.#isHeldForGood = false
    this.#marked = NOTHING
    this.#see(this.#last)
  }

  /**
   * What to show beside the group: what is unread without what was seen, or is being seen as it comes.
   * @returns {Numbers}
   */
  get numbers() {
    return this.#numbersAfter(this.#isFollowing ? this.#last : this.#seen)
  }

  /** @param {number} seen */
  #numbersAfter(seen) {
    const { unread, mentions, alerts = 0, at } = this.#counted
    const isSeen = seen >= at
    const since = this.#since.length - indexOfFirst(this.#since, seq => seq > seen)
    return { unread: (isSeen ? 0 : unread) + since, mentions: isSeen ? 0 : mentions, alerts: isSeen ? 0 : alerts }
  }

  /**
   * The mark to send now, if any. What is not answered is sent again.
   * @param {number} now
   */
  mark(now) {
    return now - this.#marked.at < PAUSE ? null : this.#mark(now)
  }

  /**
   * The mark to send when the user leaves, if any. What came last was seen, if briefly, by somebody who followed.
   * @param {number} now
   */
  leave(now) {
    if (this.#isFollowing) this.#see(this.#last)
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
    return this.#seen > read && (unread + mentions > 0 || this.#since[0] <= this.#seen)
  }
}

/**
 * What the server had counted when it wrote the page.
 * @param {DOMStringMap} page The data of its element.
 * @returns {Counted}
 */
export function countedIn({ unread, mentions, alerts, read, readRev, last }) {
  return {
    unread: Number(unread),
    mentions: Number(mentions),
    alerts: Number(alerts),
    read: Number(read),
    read_rev: Number(readRev),
    at: Number(last),
  }
}
