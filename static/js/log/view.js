// The log as its reader sees it: the rows that are shown, where among them the reader is, and the ways elsewhere.

import { around, find } from "../shared/dom.js"
import { NewLine } from "../unread/new-line.js"
import { Drawing } from "./drawing.js"
import { EndLinks } from "./end-links.js"
import { Endless } from "./endless.js"
import { Held } from "./held.js"
import { Jumps } from "./jumps.js"
import { Log } from "./log.js"
import { NewestButton } from "./newest.js"
import { placeIn, seqIn } from "./permalinks.js"
import { Scroll } from "./scroll.js"

/** @typedef {import("../connection/protocol.js").Entry} Entry */
/** @typedef {import("./log-pages.js").LogPage} LogPage */
/**
 * @typedef {{
 *   here: import("./rows.js").Here,
 *   reacting: import("./reacting.js").Reacting,
 *   draw: (next: () => Entry | undefined) => void,
 *   outdated: () => void,
 *   explain: (text: string) => void,
 * }} Parts
 * `draw`: shows the entries that `next` returns, until it returns none, and what else they change. `outdated`: the page
 * shows a log that is no longer the group's. `explain`: shows why a jump failed; empty after one that did not.
 */

export class LogView {
  #page
  #list
  #address
  #log
  #scroll
  #endless
  #jumps
  #links
  #button
  #newLine
  #held
  /** @type {import("./date-jump.js").DateJump | undefined} */
  #dates
  /** @type {Drawing<Entry>} */
  #drawing

  /**
   * @param {HTMLElement} page
   * @param {Parts} parts
   */
  constructor(page, { here, reacting, draw, outdated, explain }) {
    const { conversation, firstUnread } = page.dataset
    this.#page = page
    this.#list = find(page, "#chat-log")
    this.#address = here.address
    const log = new Log(this.#list, here, reacting)
    const scroll = new Scroll(this.#box, this.#list, () => !log.window.hasLater)
    const parts = { log, scroll, outdated, replace: this.#replace.bind(this), insert: this.#insert.bind(this) }
    const address = here.address + (conversation ? `?replies=${conversation}&` : "?")
    this.#log = log
    this.#held = new Held(Number(page.dataset.last))
    this.#scroll = scroll
    this.#endless = new Endless({ ...parts, address })
    this.#links = new EndLinks(this.#list, address)
    this.#jumps = new Jumps({ ...parts, address: here.address, explain, point: this.#point.bind(this) })
    this.#button = new NewestButton(find(page, "#newest"), scroll, () => this.#goToNewest())
    this.#newLine = new NewLine(this.#list, Number(firstUnread ?? 0))
    this.#drawing = new Drawing(scroll, next => this.change(() => draw(next)))
  }

  /**
   * Shows the place where the reader was; null: the end. Without one, the place that the page was opened for.
   * @param {import("./jumps.js").Place | null} [place]
   */
  start(place) {
    // From now on the place is the script's: the browser's would move it with each change of the box.
    this.change(() => this.#list.classList.add("is-placed"))
    this.#box.addEventListener("scroll", () => this.#button.update(), { passive: true })
    this.#page.addEventListener("click", event => this.#follow(event))
    addEventListener("hashchange", () => this.#openHash())
    this.#endless.start(this.#box)
    this.#open(place)
  }

  /** @param {import("./jumps.js").Place | null} [place] */
  #open(place) {
    const seq = seqIn(location.hash) ?? Number(this.#page.dataset.at ?? 0)
    if (place !== undefined) this.toPlace(place)
    else if (seq) this.#openEntry(seq)
    else if (this.#log.rowOf(this.#newLine.seq)) this.#jumps.toUnread(this.#newLine.seq, { isNew: false })
  }

  /** @param {number} seq */
  #openEntry(seq) {
    this.#jumps.toEntry(seq, { isNew: false })
    const { state } = history
    if (!location.search) history.replaceState(state, "", `?at=${seq}#seq-${seq}`)
  }

  // Somebody has changed the address. Back and Forward lead to the place that they know, if they do.
  #openHash() {
    const seq = seqIn(location.hash)
    if (seq && history.state?.place === undefined) this.#openEntry(seq)
  }

  get log() {
    return this.#log
  }

  get newLine() {
    return this.#newLine
  }

  get isAtNewest() {
    return this.#scroll.isAtNewest
  }

  get scroll() {
    return this.#scroll
  }

  get #box() {
    return find(this.#page, ".scroller")
  }

  /** Where the reader is; null at the end of the log. */
  get place() {
    return this.isAtNewest ? null : this.#scroll.place
  }

  /**
   * What of the log is in view, for the reader's mark; null if nothing is.
   * @returns {import("../unread/reading.js").View | null}
   */
  get inView() {
    if (!this.#scroll.isShown) return null
    // Islands below the window don't mean that what is missing above them was seen.
    const ended = Math.min(this.#scroll.lastEnded, this.#log.window.last)
    return { to: this.isAtNewest ? Number.POSITIVE_INFINITY : ended, from: this.first }
  }

  /** The entry from which on the log is shown; 0 if it is shown from its beginning. */
  get first() {
    const { first, hasEarlier } = this.#log.window
    return hasEarlier ? first : 0
  }

  /** @param {Entry} entry To be drawn with the next frame. */
  add(entry) {
    this.#drawing.add(entry)
  }

  /** What was added is drawn soon, and what else has changed. */
  drawSoon() {
    this.#drawing.soon()
  }

  /**
   * Calls `change`, which changes what is shown. What is being read stays where it is.
   * @param {() => void} change
   * @param {HTMLElement} [kept] What stays instead.
   */
  change(change, kept) {
    this.#scroll.keep(() => {
      change()
      this.#newLine.update()
      // No run is across it.
      if (this.#list.querySelector(".run > #unread-line")) this.#log.fold()
      this.#log.trim(this.#scroll, this.#endless.distance)
      this.#links.update(this.#log.window)
    }, kept)
    // A row in use was put back by then: what came may be out of view.
    queueMicrotask(() => this.#button.update())
    this.#endless.look()
  }

  /**
   * Shows the next entry, where the end of the log is shown. A part that was just read may have it already.
   * @param {import("./rows.js").ShownEntry} entry
   */
  append(entry) {
    const { window } = this.#log
    this.#held.add(entry)
    this.#log.countReply(entry)
    if (!window.hasLater && !window.has(entry.seq)) this.#log.append(entry)
    // That nobody else is here, or that nothing was written, is over.
    this.#page.querySelector(".scroller-silence")?.remove()
  }

  /** A message has come that the user may not see. */
  count() {
    this.#button.count()
  }

  toNewest() {
    return this.#jumps.toNewest()
  }

  /** @param {import("./jumps.js").Place | null} place */
  toPlace(place) {
    return place ? this.#jumps.toPlace(place) : this.#jumps.toNewest()
  }

  /**
   * @param {"before" | "after"} end
   * @param {LogPage} part
   */
  #insert(end, part) {
    this.change(() => {
      if (end === "before") return this.#log.prepend(part)
      this.#log.extend(part)
      this.#joinEnd(part.asof)
    })
    // Rows that could not be dropped below what is being scrolled.
    if (!this.#scroll.mayMove) this.#scroll.untilItMayMove().then(() => this.change(() => {}))
  }

  /** @param {LogPage} part */
  #replace(part) {
    this.change(() => {
      this.#log.replace(part)
      this.#joinEnd(part.asof)
    })
    this.#endless.restart()
  }

  /** @param {number} asof The log's last entry when the end was read. */
  #joinEnd(asof) {
    if (this.#log.window.hasLater) return
    const entries = this.#held.after(asof)
    if (!entries) return this.#log.window.reopen()
    for (const entry of entries) this.#log.append(entry)
  }

  /**
   * Marks the row that a link leads to, and nothing else.
   * @param {HTMLElement | null} row
   */
  #point(row) {
    for (const each of this.#list.querySelectorAll(".pointed")) {
      each.classList.remove("pointed")
      each.removeAttribute("aria-current")
    }
    if (!row) return
    row.classList.add("pointed")
    this.change(() => this.#log.fold())
    row.setAttribute("aria-current", "true")
    focusRow(row)
  }

  async #goToNewest() {
    await this.toNewest()
    if (this.isAtNewest) this.#landAt(Number.POSITIVE_INFINITY)
  }

  /**
   * Moves the focus to where a jump led, unless somebody is writing: what was pressed goes, or is far away now.
   * @param {number} [seq] Where that is; without it, the first row in view.
   */
  #landAt(seq = this.#scroll.place?.seq) {
    const row = seq && !document.activeElement?.matches("textarea") ? this.#log.rowFrom(seq) : null
    if (row) focusRow(row)
  }

  /** @param {string} day Where the reader is. */
  async #chooseDay(day) {
    const { DateJump } = await import("./date-jump.js")
    const dialog = find(document, "#date-jump", HTMLDialogElement)
    this.#dates ??= new DateJump(dialog, moment => this.#jumps.toDate(moment).then(() => this.#landAt()))
    // The button that opened it may be gone.
    dialog.onclose = () => this.#list.contains(document.activeElement) || this.#landAt()
    this.#dates.open(day)
  }

  /**
   * Follows a link to a place of this log without loading the page.
   * @param {MouseEvent} event
   */
  #follow(event) {
    const day = around(event, ".entry-day-button")?.querySelector("time")?.dateTime
    if (day) return void this.#chooseDay(day)
    const place = "conversation" in this.#page.dataset ? null : placeIn(event, this.#address)
    if (!place) return
    event.preventDefault()
    if (place.seq) this.#jumps.toEntry(place.seq)
    else this.#jumps.toUnread(place.unread).then(() => this.#log.rowOf(place.unread) && this.#landAt(place.unread))
  }
}

/** @param {HTMLElement} row Or the line of the closed run that it is in. */
function focusRow(row) {
  /** @type {HTMLElement} */
  const place = row.closest("details:not([open])")?.querySelector("summary") ?? row
  if (!place.hasAttribute("tabindex")) place.tabIndex = -1
  place.focus({ preventScroll: true })
}
