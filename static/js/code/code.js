// Code in the log: what its blocks have beside the text is loaded with the first of them.

import { report } from "../shared/attempt.js"
import { pause } from "../shared/pause.js"

const BLOCK = "pre.code"
const AT_ONCE = 10

export class Code {
  #list
  #view
  #account
  /** @type {import("./code-blocks.js").CodeBlocks | undefined} */
  #blocks

  /** @param {import("../pages/group-later.js").Context} context */
  constructor({ list, view, account }) {
    this.#list = list
    this.#view = view
    this.#account = account
    list.addEventListener("rows", event => this.#came(/** @type {CustomEvent} */ (event).detail))
    this.#came([list])
  }

  /** @param {HTMLElement[]} parts */
  #came(parts) {
    const blocks = parts.flatMap(part => [...part.querySelectorAll(BLOCK)])
    if (this.#blocks) for (const block of blocks) this.#blocks.dress(/** @type {HTMLElement} */ (block))
    else if (blocks.length > 0) this.#load().catch(report)
  }

  async #load() {
    const { CodeBlocks } = await import("./code-blocks.js")
    if (this.#blocks) return
    const blocks = new CodeBlocks(this.#list, this.#account, this.#change)
    this.#blocks = blocks
    /** @type {NodeListOf<HTMLElement>} */
    const found = this.#list.querySelectorAll(BLOCK)
    const waiting = [...found]
    // Not all in one task: each is laid out anew.
    while (waiting.length > 0) {
      const next = waiting.splice(-AT_ONCE)
      this.#view.change(() => {
        for (const block of next) if (block.isConnected) blocks.dress(block)
      })
      await pause(0)
    }
  }

  /** @type {import("./code-blocks.js").Change} */
  #change = (act, fixed, by) => {
    const { scroll } = this.#view
    scroll.keep(() => this.#view.change(act), fixed)
    if (fixed && by) scroll.show(fixed, fixed.getBoundingClientRect().top - scroll.box.top - by)
  }
}
