// A group's log on the page: rows in the order of seq.

import { attempt } from "../shared/attempt.js"
import { linkify } from "../shared/linkify.js"
import { localize } from "../shared/times.js"
import { isNews, RecentChanges } from "./changes.js"
import { separateDay, separateDays } from "./days.js"
import { continues } from "./header.js"
import { showDeletion, showEdit } from "./message.js"
import { completeAnswered, countReply, followAnswered, isOfDeleted, showAnswered } from "./replies.js"
import { rowOf } from "./rows.js"

/** @typedef {import("./changes.js").RowChange} RowChange */

// How long browsers may take to tell a screen reader of what is new.
const ANNOUNCED_WITHIN = 1_000

export class Log {
  #list
  #here
  #reacting
  #headerWindow
  #appended = 0
  #recent
  /** @type {Set<HTMLElement>} Rows that a screen reader may not have heard of yet. */
  #unannounced = new Set()
  /** @type {WeakMap<HTMLElement, number>} Of rows that are not the page's own: as of which entry they were read. */
  #asof = new WeakMap()

  /**
   * @param {HTMLElement} list
   * @param {import("./rows.js").Here} here
   * @param {import("./reacting.js").Reacting} reacting
   */
  constructor(list, here, reacting) {
    this.#list = list
    this.#here = here
    this.#reacting = reacting
    this.#headerWindow = Number(list.dataset.headerWindow)
    this.#recent = new RecentChanges(Number(list.dataset.asof))
    this.#adopt([list])
    // Only entries appended from now on should be read aloud, not those already here.
    list.setAttribute("aria-live", "polite")
  }

  /** Of which log this page shows a part: another one has other texts or other entries. */
  get epoch() {
    return this.#list.dataset.epoch
  }

  /** How many rows were appended since the page was loaded. */
  get appended() {
    return this.#appended
  }

  /**
   * The author of a message that the page shows.
   * @param {number} seq
   */
  authorOf(seq) {
    return document.getElementById(`seq-${seq}`)?.dataset.name
  }

  /** @param {import("./rows.js").ShownEntry} entry The next one. */
  append(entry) {
    const row = rowOf(entry, this.#here)
    this.#asof.set(row, entry.seq)
    if (entry.type === "text_message") this.#connect(row, entry)
    this.#list.append(row)
    this.#announce(row)
    separateDay(row)
    this.#appended += 1
  }

  /**
   * Inserts older rows, rendered by the server, before the others. Returns how many of these are older.
   * @param {HTMLElement[]} rows
   * @param {number} asof The log's last entry when they were read.
   */
  prepend(rows, asof) {
    const first = this.#list.querySelector("[data-seq]")
    const older = rows.filter(row => !first || Number(row.dataset.seq) < Number(first.getAttribute("data-seq")))
    for (const row of older) this.#asof.set(row, asof)
    this.#list.setAttribute("aria-live", "off")
    this.#list.prepend(...older)
    this.#adopt(older)
    for (const change of this.#recent.after(asof) ?? []) this.#apply(change, older)
    this.#recent.clear()
    this.#completeLines()
    setTimeout(() => this.#list.setAttribute("aria-live", "polite"), ANNOUNCED_WITHIN)
    return older.length
  }

  /** Older rows are about to be read. Changes that come until they are inserted are kept for them. */
  expectOlder() {
    this.#recent.keep()
  }

  /** They could not be read. */
  expectNoOlder() {
    this.#recent.clear()
  }

  /**
   * Whether rows that were read as of this entry can be brought up to date.
   * @param {number} asof
   */
  knowsChangesAfter(asof) {
    return this.#recent.after(asof) !== null
  }

  /**
   * Follows a change of a message, wherever that is shown.
   * @param {RowChange} change
   */
  change(change) {
    this.#recent.add(change)
    this.#apply(change)
  }

  /**
   * Whether a message of `author` at `moment` would share the last row's header.
   * @param {string} author
   * @param {Date} moment
   */
  continues(author, moment) {
    const row = this.#list.lastElementChild
    if (!(row instanceof HTMLElement)) return false
    const timestamp = row.querySelector("time")?.dateTime ?? ""
    const above = { kind: row.matches(".message") ? "message" : "event", name: String(row.dataset.name), timestamp }
    return continues(above, author, moment, this.#headerWindow)
  }

  /**
   * What of a message's row depends on others.
   * @param {HTMLElement} row
   * @param {import("../connection/protocol.js").TextMessage} message
   */
  #connect(row, message) {
    row.classList.toggle("continues", this.continues(message.author, new Date(message.timestamp)))
    const { reply_to, seq } = message
    if (!reply_to) return
    attempt(() => showAnswered(row, message, document.getElementById(`seq-${reply_to}`), this.#here))
    this.change({ type: "reply", seq, target: reply_to })
  }

  /**
   * @param {RowChange} change
   * @param {HTMLElement[]} [rows] To these alone.
   */
  #apply(change, rows) {
    const row = document.getElementById(`seq-${change.target}`)
    if (row && (rows?.includes(row) ?? true)) attempt(() => this.#changeRow(row, change))
    /** @type {NodeListOf<HTMLElement>} */
    const lines = this.#list.querySelectorAll(`[data-reply-to="${change.target}"]`)
    for (const line of lines) attempt(() => this.#changeLine(line, change, rows))
  }

  /**
   * @param {HTMLElement} row
   * @param {RowChange} change
   */
  #changeRow(row, change) {
    const isDeleted = row.querySelector(".entry-deleted") !== null
    if (!isNews(change, { asof: this.#asofOf(row), rev: Number(row.dataset.rev ?? 0), isDeleted })) return
    this.#silence(row)
    if (change.type === "message_edited") showEdit(row, change, this.#here)
    if (change.type === "message_deleted") showDeletion(row, change)
    if (change.type === "reaction") this.#reacting.follow(row, change)
    if (change.type === "reply") countReply(row, this.#here)
  }

  /**
   * @param {HTMLElement} line Of a reply.
   * @param {RowChange} change Of what it answers.
   * @param {HTMLElement[]} [rows]
   */
  #changeLine(line, change, rows) {
    /** @type {HTMLElement | null} */
    const row = line.closest("[data-seq]")
    if (!row || rows?.includes(row) === false) return
    if (!isNews(change, { asof: this.#asofOf(row), rev: 0, isDeleted: isOfDeleted(line) })) return
    this.#silence(row)
    followAnswered(line, change)
  }

  /**
   * A row is read aloud when it is new, with what changes in it until then.
   * @param {HTMLElement} row
   */
  #announce(row) {
    this.#unannounced.add(row)
    setTimeout(() => {
      this.#unannounced.delete(row)
      this.#silence(row)
    }, ANNOUNCED_WITHIN)
  }

  /**
   * What changes in a row later is not read aloud.
   * @param {HTMLElement} row
   */
  #silence(row) {
    if (!this.#unannounced.has(row)) row.setAttribute("aria-live", "off")
  }

  /** Lines whose replies came before the page showed what they answer. */
  #completeLines() {
    /** @type {NodeListOf<HTMLElement>} */
    const lines = this.#list.querySelectorAll("[data-reply-rev]")
    for (const line of lines) {
      const target = document.getElementById(`seq-${line.dataset.replyTo}`)
      if (target) attempt(() => completeAnswered(line, target))
    }
  }

  /** @param {HTMLElement} row */
  #asofOf(row) {
    return this.#asof.get(row) ?? Number(this.#list.dataset.asof)
  }

  /** @param {HTMLElement[]} parts What the server rendered. */
  #adopt(parts) {
    for (const part of parts) {
      localize(part)
      /** @type {NodeListOf<HTMLElement>} */
      const texts = part.querySelectorAll(".entry-text")
      for (const text of texts) linkify(text)
    }
    separateDays(this.#list)
  }
}
