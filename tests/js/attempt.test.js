import assert from "node:assert/strict"
import { mock, test } from "node:test"
import { attempt } from "../../static/js/shared/attempt.js"

const fails = message => () => {
  throw new RangeError(message)
}

test("an attempt returns what the change returns", () => {
  assert.equal(
    attempt(() => 7),
    7,
  )
})

test("an error stops nothing, and is shown once however often it happens", context => {
  const shown = context.mock.method(console, "error", mock.fn())

  assert.equal(attempt(fails("one")), undefined)
  attempt(fails("one"))
  attempt(fails("two"))

  assert.deepEqual(
    shown.mock.calls.map(call => call.arguments[0].message),
    ["one", "two"],
  )
})
