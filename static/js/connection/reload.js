// Loads the page again by itself when it has to change, and when that takes nothing away from its reader.

import { keepInTab, keptInTab } from "../shared/storage.js"

const SECOND = 1_000
// Readers who come back to a restarted server are not to ask it for their pages in one moment.
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
   * @param {string} version Of the scripts that it was served with.
   * @param {() => boolean} isQuiet Whether a reload loses nothing and disturbs nobody.
   * @param {() => string} [place] The query of the page that shows what is being read.
   */
  constructor(address, version, isQuiet, place = () => "") {
    this.#address = address
    this.#version = version
    this.#isQuiet = isQuiet
    this.#place = place
  }

  /** A page that is the answer to a form is not reloaded: that would send the form again. */
  now() {
    if (location.pathname === this.#address) location.reload()
    else location.replace(this.#address)
  }

  /**
   * The server has scripts of this version: the page is loaded again, once for each, as soon as it comes with them.
   * During an update another process, which has the old ones, may answer.
   * @param {string} [version]
   */
  forVersion(version) {
    if (this.#isMissing) return
    clearTimeout(this.#timer)
    if (!version || version === this.#version || keptInTab(keyOf(version))) return
    this.#later(async () => (await this.#served()) === version && this.#isQuiet() && keepInTab(keyOf(version), "done"))
  }

  /** An entry came that the page could show, from a process that does not know it. */
  forKind() {
    if (this.#isMissing) return
    this.#isMissing = true
    this.#later(async () => true)
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
    else if (await isDue()) location.replace(this.#address + this.#place())
    else this.#later(isDue, attempts + 1)
  }

  /** The version of the scripts that the page would come with now. */
  async #served() {
    const answer = await fetch(this.#address, { method: "HEAD", redirect: "manual" }).catch(() => null)
    return answer?.headers.get("Script-Version")
  }
}

/** @param {string} version */
function keyOf(version) {
  return `discussit:reloaded:${version}`
}
