import assert from "node:assert/strict"
import { test } from "node:test"
import { isChange, isEntry, isFinal } from "../../static/js/connection/protocol.js"
import closeCodes from "../corpus/close_codes.json" with { type: "json" }

for (const { code, is_final } of closeCodes) {
  test(`after ${code} ${is_final ? "nothing follows" : "the page comes back"}`, () => {
    assert.equal(isFinal(code), is_final)
  })
}

test("what has seq and timestamp is an entry, whatever its type", () => {
  assert.ok(isEntry({ type: "text_message", seq: 7, timestamp: "2026-11-22T22:31:05.123456Z" }))
  assert.ok(isEntry({ type: "of a version to come", seq: 7, timestamp: "2026-11-22T22:31:05.123456Z" }))
})

test("what lacks one of them is none", () => {
  assert.ok(!isEntry({ type: "ack", client_id: "a", seq: 7 }))
  assert.ok(!isEntry({ type: "typing", users: ["bob"] }))
})

for (const type of ["message_edited", "message_deleted", "reaction"]) {
  test(`${type} changes a message`, () => {
    assert.ok(isChange({ type, seq: 8, timestamp: "2026-11-22T22:31:05.123456Z", target: 7 }))
  })
}

test("entries that only a newer version knows change nothing here, though they are counted", () => {
  for (const type of ["text_message", "hidden", "unknown", "of a version to come"])
    assert.ok(!isChange({ type, seq: 8 }))
})
