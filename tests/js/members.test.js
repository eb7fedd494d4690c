import assert from "node:assert/strict"
import { test } from "node:test"
import { inOrder } from "../../static/js/log/members.js"
import names from "../corpus/member_order.json" with { type: "json" }

test("members stand in the server's order", () => {
  assert.deepEqual(names.toReversed().sort(inOrder), names)
})
