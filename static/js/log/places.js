// Remembers where the reader is, with the tab's history: Back, Forward and a reload lead there again.

import { forgetInTab, keepInTab, keptInTab } from "../shared/storage.js"

const PAUSE = 500 // milliseconds: Safari refuses more than a few of these a second

/** @typedef {import("./jumps.js").Place} Place */

export class Places {
  #view
  #key
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer

  /**
   * @param {import("./view.js").LogView} view
   * @param {string} key Of the tab's storage, for reloads that lead to another address.
   */
  constructor(view, key) {
    this.#view = view
    this.#key = key
  }

  /**
   * Where the reader was when this page was last shown. Undefined if it is opened anew.
   * @returns {Place | null | undefined}
   */
  get last() {
    const kept = keptInTab(this.#key)
    forgetInTab(this.#key)
    return kept ? JSON.parse(kept) : history.state?.place
  }

  /** @param {Element} scroller */
  start(scroller) {
    scroller.addEventListener("scroll", () => this.#later(), { passive: true })
    addEventListener("pagehide", () => this.#remember())
    addEventListener("popstate", ({ state }) => state && "place" in state && this.#view.toPlace(state.place))
  }

  /** Keeps the place, if there is one, and returns it: the page is about to load itself again. */
  keep() {
    const { place } = this.#view
    keepInTab(this.#key, JSON.stringify(place))
    return place
  }

  #later() {
    this.#timer ??= setTimeout(() => this.#remember(), PAUSE)
  }

  #remember() {
    clearTimeout(this.#timer)
    this.#timer = undefined
    history.replaceState({ ...history.state, place: this.#view.place }, "")
  }
}
