// Jumps to other parts of the log: to an entry, a date, the first unread message, the newest one. Of several only the
// latest takes effect. The browser's history leads back to where the reader came from.

import { fetchPart } from "./log-pages.js"
import { reveal } from "./runs.js"

const CONTEXT = 3 // rows shown above the first unread message
const MARGIN = 8 // pixels
const FAILED = "These messages can't be loaded now. Check your connection and try again."

/** @typedef {{ seq: number, offset: number }} Place A row, and how far below the top of the log's frame it is. */
/**
 * Where to: the query of a page that has it, the entry if it is known, and how it is shown there.
 * @typedef {{ query: string, seq?: number, isPointed?: boolean, url?: string, show: (row: HTMLElement) => void }} Target
 */
/**
 * @typedef {{
 *   log: import("./log.js").Log,
 *   scroll: import("./scroll.js").Scroll,
 *   address: string,
 *   replace: (page: import("./log-pages.js").LogPage) => void,
 *   point: (row: HTMLElement | null) => void,
 *   outdated: () => void,
 *   explain: (text: string) => void,
 * }} Parts
 * `replace`: shows another part. `point`: marks the row that a link leads to. `outdated`: the page shows another log.
 */

export class Jumps {
  #parts
  #latest = 0

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts
  }

  /**
   * To an entry by its link, which is marked.
   * @param {number} seq
   * @param {{ isNew?: boolean }} [options] `isNew`: not where the page's address leads already.
   */
  toEntry(seq, { isNew = true } = {}) {
    const { scroll, address } = this.#parts
    const url = isNew ? `${address}?at=${seq}#seq-${seq}` : undefined
    return this.#go({ query: `at=${seq}`, seq, isPointed: true, url, show: row => scroll.center(row) })
  }

  /**
   * To the first unread message.
   * @param {number} seq
   * @param {{ isNew?: boolean }} [options] `isNew`: not where the page was opened.
   */
  toUnread(seq, { isNew = true } = {}) {
    const url = isNew ? this.#parts.address : undefined
    return this.#go({ query: `at=${seq}`, seq, url, show: row => this.#showWithContext(row) })
  }

  /**
   * To the first entry at this moment or after it.
   * @param {Date} moment
   */
  toDate(moment) {
    const { scroll, address } = this.#parts
    const query = String(new URLSearchParams({ from: moment.toISOString() }))
    return this.#go({ query, url: address, show: row => scroll.show(separatorOf(row), MARGIN) })
  }

  /**
   * Where the reader was.
   * @param {Place} place
   */
  toPlace({ seq, offset }) {
    return this.#go({ query: `at=${seq}`, seq, show: row => this.#parts.scroll.showPlace(row, offset) })
  }

  async toNewest() {
    const jump = this.#begin()
    const { log, scroll, address } = this.#parts
    if (log.window.hasLater && !(await this.#fetch("", jump))) return
    this.#parts.explain("")
    this.#parts.point(null)
    scroll.toEnd()
    if (location.search || location.hash) history.replaceState(null, "", address)
  }

  #begin() {
    this.#latest += 1
    return this.#latest
  }

  /** @param {Target} target */
  async #go({ query, seq, isPointed, url, show }) {
    const jump = this.#begin()
    const { log, scroll, point, explain } = this.#parts
    const from = scroll.isAtNewest ? null : scroll.place
    const isShown = seq !== undefined && log.rowOf(seq) !== null
    const part = isShown ? null : await this.#fetch(`?${query}`, jump)
    if (!isShown && !part) return
    explain("")
    if (url) push(from, url)
    const row = log.rowFrom(seq ?? part?.at ?? Number.POSITIVE_INFINITY)
    if (!row) return
    reveal(row)
    point(isPointed ? row : null)
    show(row)
    if (url) keep(scroll.isAtNewest ? null : scroll.place)
  }

  /**
   * Shows the part behind this query. Returns null if another jump followed, or if it can't be shown.
   * @param {string} query
   * @param {number} jump
   */
  async #fetch(query, jump) {
    const { log, address, replace, outdated, explain } = this.#parts
    log.expectPart()
    try {
      const part = await fetchPart(address + query)
      if (jump !== this.#latest) return null
      if (!part) explain(FAILED)
      const isOurs = part?.epoch === log.epoch && log.knowsChangesAfter(part?.asof ?? 0)
      if (part && isOurs) replace(part)
      else if (part) outdated()
      return isOurs ? part : null
    } finally {
      log.expectNoPart()
    }
  }

  /** @param {HTMLElement} row */
  #showWithContext(row) {
    let top = row.closest("#chat-log > *") ?? row
    for (let count = 0; count < CONTEXT && top.previousElementSibling; top = top.previousElementSibling)
      if (top.previousElementSibling.matches("[data-seq], details")) count += 1
    this.#parts.scroll.show(separatorOf(top), MARGIN)
  }
}

/**
 * The date above a row, if it stands there.
 * @param {Element} row
 */
function separatorOf(row) {
  const unit = row.closest("#chat-log > *") ?? row
  const above = unit.previousElementSibling
  return above?.matches(".entry-day") ? above : unit
}

/**
 * @param {Place | null} from
 * @param {string} url
 */
function push(from, url) {
  keep(from)
  history.pushState(null, "", url)
}

/** @param {Place | null} place Where Back and Forward lead. */
function keep(place) {
  history.replaceState({ ...history.state, place }, "")
}
