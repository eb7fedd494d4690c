// Draws what comes live: at most once per frame, a few milliseconds of rows at a stretch, and after a pause in proportion
// to what the last frame took. However much comes, the page stays responsive.

import { pause } from "../shared/pause.js"

const LONGEST = 8 // milliseconds of rows in a frame
const MOST = 40 // entries in a frame: the browser lays them out as well
const PAUSE = 10 // times what the last frame took
const BACKLOG = 100 // entries, above which the pause is no longer than the frame
const WHILE_HIDDEN = 250 // milliseconds: hidden pages have no frames

/**
 * @template Item
 */
export class Drawing {
  #draw
  #scroll
  /** @type {Item[]} */
  #items = []
  #isDue = false
  #last = { at: 0, took: 0 }

  /**
   * @param {import("./scroll.js").Scroll} scroll
   * @param {(next: () => Item | undefined) => void} draw Draws the items that `next` returns until it returns none.
   */
  constructor(scroll, draw) {
    this.#scroll = scroll
    this.#draw = draw
  }

  /** @param {Item} item */
  add(item) {
    this.#items.push(item)
  }

  /** Draws what was added, and all else that has changed, in one of the next frames. */
  async soon() {
    if (this.#isDue) return
    this.#isDue = true
    await frame(this.#pause)
    await this.#scroll.untilItMayMove()
    this.#isDue = false
    this.#now()
  }

  #now() {
    const started = performance.now()
    let left = MOST
    const next = () => (left-- > 0 && performance.now() - started < LONGEST ? this.#items.shift() : undefined)
    this.#draw(next)
    afterPaint(() => (this.#last = { at: performance.now(), took: performance.now() - started }))
    if (this.#items.length > 0) this.soon()
  }

  get #pause() {
    const { at, took } = this.#last
    return (this.#items.length > BACKLOG ? 1 : PAUSE) * took - (performance.now() - at)
  }
}

/** @param {number} wanted Milliseconds. */
async function frame(wanted) {
  if (document.hidden) return pause(WHILE_HIDDEN)
  if (wanted > 0) await pause(wanted)
  // A page that is hidden meanwhile has no frame.
  await Promise.race([new Promise(requestAnimationFrame), pause(WHILE_HIDDEN)])
}

/** @param {() => void} act Called once the frame is on its way to the screen. */
function afterPaint(act) {
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => {
    port1.close()
    act()
  }
  port2.postMessage(null)
}
