// Colours of code, by the CSS Custom Highlight API: ranges of its text, without elements. Only blocks in view have them,
// so that a long log has few, and none is kept of rows that are gone.

import { attempt } from "../shared/attempt.js"
import { tokens } from "./tokenizer.js"

const AHEAD = "400px"
const MOST = 1_000 // of a block: ten thousand characters have 400, and a line with 3,000 takes 150 ms to draw
const SLICE = 8 // milliseconds of one task, about

/** @typedef {import("./languages.js").Kind} Kind */

export class Colours {
  /** @type {Map<Kind, Highlight>} */
  #highlights = new Map()
  /** @type {Map<Element, { highlight: Highlight, range: StaticRange }[]>} */
  #coloured = new Map()
  /** @type {Set<Element>} In view, and not coloured yet. */
  #waiting = new Set()
  #isDue = false
  /** @type {IntersectionObserver | undefined} */
  #observer

  /** @param {Element | null} scroller What the blocks are in; null: the page. */
  constructor(scroller) {
    if (!globalThis.Highlight || !CSS.highlights) return
    const options = { root: scroller, rootMargin: `${AHEAD} 0px` }
    this.#observer = new IntersectionObserver(changes => this.#follow(changes), options)
  }

  /**
   * Has the block coloured whenever it is in view. Its text must not change.
   * @param {Element} block A `pre` with its text in one element.
   */
  watch(block) {
    this.#observer?.observe(block)
  }

  /** @param {IntersectionObserverEntry[]} changes */
  #follow(changes) {
    for (const { target, isIntersecting } of changes) {
      if (isIntersecting) this.#waiting.add(target)
      else this.#clear(target)
      if (!target.isConnected) this.#observer?.unobserve(target)
    }
    this.#continueSoon()
  }

  #continueSoon() {
    if (this.#isDue || this.#waiting.size === 0) return
    this.#isDue = true
    setTimeout(() => {
      this.#isDue = false
      attempt(() => this.#continue())
      this.#continueSoon()
    })
  }

  #continue() {
    const end = performance.now() + SLICE
    for (const block of this.#waiting) {
      this.#waiting.delete(block)
      this.#colour(block)
      if (performance.now() > end) return
    }
  }

  /** @param {Element} block */
  #colour(block) {
    const node = block.firstElementChild?.firstChild
    if (!(node instanceof Text) || this.#coloured.has(block)) return
    const found = tokens(node.data, block.getAttribute("data-language") ?? "").slice(0, MOST)
    const ranges = found.map(({ start, end, kind }) => {
      const range = new StaticRange({ startContainer: node, startOffset: start, endContainer: node, endOffset: end })
      return { highlight: this.#highlight(kind), range }
    })
    for (const { highlight, range } of ranges) highlight.add(range)
    this.#coloured.set(block, ranges)
  }

  /** @param {Element} block */
  #clear(block) {
    this.#waiting.delete(block)
    for (const { highlight, range } of this.#coloured.get(block) ?? []) highlight.delete(range)
    this.#coloured.delete(block)
  }

  /** @param {Kind} kind */
  #highlight(kind) {
    const highlight = this.#highlights.get(kind) ?? new Highlight()
    this.#highlights.set(kind, highlight)
    CSS.highlights.set(`code-${kind}`, highlight)
    return highlight
  }
}
