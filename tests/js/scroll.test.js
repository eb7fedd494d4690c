import assert from "node:assert/strict"
import { test } from "node:test"
import { Scroll } from "../../static/js/log/scroll.js"

test("after a change that failed, the next one moves nothing either", () => {
  const scroller = { addEventListener() {}, scrollTop: -500, scrollHeight: 1_000 }
  const scroll = new Scroll(scroller, { addEventListener() {} })
  const grow = () => {
    scroller.scrollHeight += 20
  }

  assert.throws(() =>
    scroll.keep(() => {
      throw Error("failed")
    }),
  )
  scroll.keep(grow)

  assert.equal(scroller.scrollTop, -520)
})
