import assert from "node:assert/strict"
import { test } from "node:test"
import { Scroll } from "../../static/js/log/scroll.js"

globalThis.ResizeObserver = class {
  observe() {}
}

test("the row in view stays where it is, whatever grows above and below it", () => {
  const { scroller, list, grow, topOfRow } = window_()
  const scroll = new Scroll(scroller, list, () => true)

  scroll.keep(() => grow({ above: 30, below: 20 }))

  assert.equal(topOfRow(), 100)
})

test("rows that are not whole pixels high don't drift", () => {
  const { scroller, list, grow, topOfRow } = window_()
  const scroll = new Scroll(scroller, list, () => true)

  for (let n = 0; n < 100; n += 1) scroll.keep(() => grow({ above: 0, below: 24.5 }))

  assert.equal(topOfRow(), 100)
})

test("after a change that failed, the next one moves nothing either", () => {
  const { scroller, list, grow, topOfRow } = window_()
  const scroll = new Scroll(scroller, list, () => true)

  assert.throws(() =>
    scroll.keep(() => {
      throw Error("failed")
    }),
  )
  scroll.keep(() => grow({ above: 0, below: 20 }))

  assert.equal(topOfRow(), 100)
})

/** A window of the log, laid out from its end, and one row 100 pixels below its top. */
function window_() {
  let below = 400
  let place = -500
  // What grows above the row grows upwards.
  const topOfRow = () => -scroller.scrollTop - below
  const row = { isConnected: true, getClientRects: () => [1], getBoundingClientRect: () => ({ top: topOfRow() }) }
  const list = { querySelectorAll: () => [row] }
  const scroller = {
    addEventListener() {},
    getBoundingClientRect: () => ({ top: 0, bottom: 300 }),
    set scrollTop(pixels) {
      place = Math.trunc(pixels)
    },
    get scrollTop() {
      return place
    },
    scrollHeight: 1_000,
  }
  const grow = growth => {
    below += growth.below
    scroller.scrollHeight += growth.above + growth.below
  }
  return { scroller, list, grow, topOfRow }
}
