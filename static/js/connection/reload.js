// Reloads the page when it is outdated, as soon as its user loses nothing by that.

import { ask } from "../shared/ask.js"
import { keepInTab, keptInTab } from "../shared/storage.js"

const SECOND = 1_000
// Readers who return to a restarted server must not all request their pages at the same time.
const SPREAD = 30 * SECOND
const LONGEST_PAUSE = 600 * SECOND

export class Reload {
  #address
  #version
  #isQuiet
  #place
  #isMissing = false
  /** @type {number | undefined} */
  #timer

  /**
   * @param {string} address The path of the page.
   * @param {string} version The version of its scripts.
   * @param {() => boolean} isQuiet Whether a reload loses nothing and disturbs nobody.
   * @param {() => string} [place] Keeps the user's place, and returns the query with which the page has what belongs to it.
   */
  constructor(address, version, isQuiet, place = () => "") {
    this.#address = address
    this.#version = version
    this.#isQuiet = isQuiet
    this.#place = place
  }

  /**
   * Reloads as soon as the server serves the page, else a proxy's error page might replace it, which reloads nothing.
   * The response to a form is replaced, since reloading would send the form again.
   */
  async now(pause = SECOND) {
    if (!(await this.#isServed())) setTimeout(() => this.now(Math.min(2 * pause, SPREAD)), pause)
    else this.inPlace()
  }

  /** Reloads immediately, and leads to the same place again. */
  inPlace() {
    location.replace(this.#address + this.#place())
  }

  /**
   * The server has scripts of this version: reloads the page, once for each version, as soon as it is served with them.
   * During an update another process, with the old scripts, may answer.
   * @param {string} [version]
   */
  forVersion(version) {
    if (this.#isMissing) return
    clearTimeout(this.#timer)
    if (!version || version === this.#version || keptInTab(keyOf(version))) return
    this.#later(async () => (await this.#served()) === version && this.#isQuiet() && keepInTab(keyOf(version), "done"))
  }

  /** Reloads to show what this page can't show otherwise, such as an entry that the process which sent it does not know. */
  soon() {
    if (this.#isMissing) return
    this.#isMissing = true
    this.#later(() => this.#isServed())
  }

  /**
   * @param {() => Promise<boolean>} isDue
   * @param {number} attempts
   */
  #later(isDue, attempts = 0) {
    clearTimeout(this.#timer)
    const pause = Math.min(SECOND + Math.random() * SPREAD * 2 ** attempts, LONGEST_PAUSE)
    this.#timer = setTimeout(() => this.#attempt(isDue, attempts), pause)
  }

  /**
   * @param {() => Promise<boolean>} isDue
   * @param {number} attempts
   */
  async #attempt(isDue, attempts) {
    if (!this.#isQuiet()) this.#timer = setTimeout(() => this.#attempt(isDue, attempts), SECOND)
    else if (await isDue()) this.inPlace()
    else this.#later(isDue, attempts + 1)
  }

  /** The version of the scripts with which the page is served now. */
  async #served() {
    return (await this.#ask())?.version
  }

  /** Whether the server answers, if only with what became of the page. */
  async #isServed() {
    const answer = await this.#ask()
    return answer !== null && answer.status < 500 && answer.status !== 429
  }

  #ask() {
    return ask(this.#address, { method: "HEAD" })
  }
}

/** @param {string} version */
function keyOf(version) {
  return `discussit:reloaded:${version}`
}
