// A group's log on the page: rows in the order of seq.

import { attempt } from "../shared/attempt.js"
import { linkify } from "../shared/linkify.js"
import { localize } from "../shared/times.js"
import { isNews, RecentChanges } from "./changes.js"
import { separateDay, separateDays } from "./days.js"
import { continues } from "./header.js"
import { endsOf } from "./log-pages.js"
import { showDeletion, showEdit } from "./message.js"
import { completeAnswered, countReply, followAnswered, isOfDeleted, showAnswered } from "./replies.js"
import { rowOf } from "./rows.js"
import { foldLast, foldRuns, unfoldRuns } from "./runs.js"
import { LogWindow } from "./window.js"

/** @typedef {import("./changes.js").RowChange} RowChange */
/** @typedef {import("./log-pages.js").LogPage} LogPage */

export class Log {
  #list
  #here
  #reacting
  #headerWindow
  #recent
  #window
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
    unfoldRuns(list)
    this.#window = new LogWindow(list, endsOf(list))
    this.#adopt([list])
  }

  /** Of which log this page shows a part: another one has other texts or other entries. */
  get epoch() {
    return this.#list.dataset.epoch
  }

  /** Which part of the log the page shows. */
  get window() {
    return this.#window
  }

  /** @param {number} seq */
  rowOf(seq) {
    const row = document.getElementById(`seq-${seq}`)
    return row && this.#window.has(seq) ? row : null
  }

  /**
   * The first row from this entry on; after the last one, that.
   * @param {number} seq
   */
  rowFrom(seq) {
    /** @type {NodeListOf<HTMLElement>} */
    const rows = this.#list.querySelectorAll("[data-seq]")
    const shown = [...rows].filter(row => this.#window.has(Number(row.dataset.seq)))
    return shown.find(row => Number(row.dataset.seq) >= seq) ?? shown.at(-1)
  }

  /**
   * Appends the next entry's row. The window has the log's end.
   * @param {import("./rows.js").ShownEntry} entry
   */
  append(entry) {
    const row = rowOf(entry, this.#here)
    this.#asof.set(row, entry.seq)
    if (entry.type === "text_message") this.#connect(row, entry)
    this.#window.append(row)
    separateDay(row)
    foldLast(this.#list)
    // One that was held back while other rows were shown may have changed meanwhile.
    for (const change of this.#recent.after(entry.seq) ?? []) this.#apply(change, [row])
    this.#tell([row])
  }

  /**
   * Inserts the rows before the first one, rendered by the server.
   * @param {LogPage} page
   */
  prepend({ rows, hasEarlier, asof }) {
    this.#take(this.#window.prepend(rows, hasEarlier), asof)
  }

  /**
   * Inserts the rows after the last one, rendered by the server.
   * @param {LogPage} page
   */
  extend({ rows, hasLater, asof }) {
    this.#take(this.#window.extend(rows, hasLater), asof)
  }

  /**
   * Shows this part instead.
   * @param {LogPage} page
   */
  replace({ rows, asof, ...ends }) {
    this.#take(this.#window.replace(rows, ends), asof)
  }

  /**
   * Drops rows that are far from what is read, if there are too many.
   * @param {import("./scroll.js").Scroll} scroll
   * @param {number} distance How many pixels beyond the view rows are far.
   */
  trim(scroll, distance) {
    if (this.#window.trim(scroll, distance, needed())) this.#separate()
  }

  /** Folds runs anew: another row has become the one that a link leads to. */
  fold() {
    foldRuns(this.#list)
  }

  /** Other parts are about to be read. Changes that come until they are inserted are kept for them. */
  expectPart() {
    this.#recent.keep()
  }

  /** They were inserted, or could not be read. */
  expectNoPart() {
    this.#recent.release()
  }

  /**
   * Whether rows that were read as of this entry can be brought up to date.
   * @param {number} asof
   */
  knowsChangesAfter(asof) {
    return this.#recent.after(asof) !== null
  }

  /**
   * Counts a reply with the message that it answers, wherever that is shown.
   * @param {import("./rows.js").ShownEntry} entry
   */
  countReply(entry) {
    if (entry.type !== "text_message" || !entry.reply_to) return
    this.change({ type: "reply", seq: entry.seq, target: entry.reply_to })
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
    const { reply_to } = message
    if (!reply_to) return
    attempt(() => showAnswered(row, message, document.getElementById(`seq-${reply_to}`), this.#here))
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
    if (change.type === "message_edited") showEdit(row, change, this.#here)
    if (change.type === "message_deleted") {
      showDeletion(row, change)
      this.fold()
    }
    if (change.type === "message_edited" || change.type === "message_deleted") this.#tell([row])
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
    followAnswered(line, change)
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

  /**
   * @param {HTMLElement[]} rows That the server rendered.
   * @param {number} asof The log's last entry when they were read.
   */
  #take(rows, asof) {
    for (const row of rows) this.#asof.set(row, asof)
    this.#adopt(rows)
    for (const change of this.#recent.after(asof) ?? []) this.#apply(change, rows)
    this.#completeLines()
    this.#reacting.show()
    this.#tell(rows)
  }

  /**
   * Tells the page's other parts that these rows are new, or show another text.
   * @param {HTMLElement[]} rows
   */
  #tell(rows) {
    this.#list.dispatchEvent(new CustomEvent("rows", { detail: rows }))
  }

  /** @param {HTMLElement[]} parts What the server rendered. */
  #adopt(parts) {
    for (const part of parts) {
      localize(part)
      /** @type {NodeListOf<HTMLElement>} */
      const texts = part.querySelectorAll(".entry-text")
      for (const text of texts) linkify(text)
    }
    this.#separate()
  }

  #separate() {
    separateDays(this.#list)
    foldRuns(this.#list)
    this.#window.markGaps()
  }
}

/** Tells of an element whether somebody works with what is in it, or looks for it. */
function needed() {
  const selection = getSelection()
  const range = selection && !selection.isCollapsed ? selection.getRangeAt(0) : null
  const focused = document.activeElement
  return (/** @type {HTMLElement} */ element) =>
    element.previousElementSibling?.id === "unread-line" ||
    element.contains(focused) ||
    range?.intersectsNode(element) === true ||
    element.querySelector("textarea") !== null
}
