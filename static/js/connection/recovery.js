// After a refusal, asks the server less and less often whether it still refuses: a membership may begin again, the same
// account may log in again, and servers have been wrong.

const FIRST_PAUSE = 60_000
const LONGEST_PAUSE = 900_000

export class Recovery {
  #question
  #isWanted
  #recovered
  #attempts = 0
  /** @type {number | undefined} */
  #timer

  /**
   * @param {import("./verdict.js").Question} question
   * @param {() => boolean} isWanted Whether the page has been refused, still.
   * @param {() => void} recovered Called when the server refuses no longer.
   */
  constructor(question, isWanted, recovered) {
    this.#question = question
    this.#isWanted = isWanted
    this.#recovered = recovered
  }

  /** The server has served the page: after its next refusal it is asked soon again. */
  succeeded() {
    this.#attempts = 0
  }

  /** Asks after a pause, longer each time. */
  later() {
    clearTimeout(this.#timer)
    if (!this.#isWanted()) return
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.#attempts)
    this.#attempts += 1
    this.#timer = setTimeout(() => this.now(), pause * (1 + Math.random()))
  }

  async now() {
    if (!this.#isWanted()) return
    const status = await this.#question()
    if (!this.#isWanted()) return
    if (status === 200) this.#recovered()
    else this.later()
  }
}
