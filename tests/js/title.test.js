import assert from "node:assert/strict"
import { test } from "node:test"
import { iconOf, titled } from "../../static/js/shared/title.js"

const cases = [
  [{ alerts: 0, unread: 0 }, "Gardening", "favicon.svg"],
  [{ alerts: 0, unread: 4 }, "• Gardening", "favicon-dot.svg"],
  [{ alerts: 3, unread: 4 }, "(3) Gardening", "favicon-alert.svg"],
  // A mention that an edit added to a message that was read.
  [{ alerts: 1, unread: 0 }, "(1) Gardening", "favicon-alert.svg"],
]

for (const [totals, title, icon] of cases) {
  test(`${totals.alerts} alerts and ${totals.unread} unread are shown as "${title}"`, () => {
    assert.deepEqual([titled("Gardening", totals), iconOf(totals)], [title, icon])
  })
}
