import assert from "node:assert/strict"
import { test } from "node:test"
import { changesPage, relabelled } from "../../static/js/log/group-changes.js"
import { wordsOf } from "../../static/js/log/rows.js"
import changes from "../corpus/group_changes.json" with { type: "json" }

const PLACE = { type: "group_changed", seq: 1, timestamp: "" }

for (const { words, ...change } of changes) {
  test(`after the name: ${words} (${change.user})`, () => {
    assert.equal(wordsOf({ ...PLACE, ...change }), words)
  })
}

test("a line without the name is shown as it is", () => {
  assert.equal(
    wordsOf({ ...PLACE, user: "bob", change: "later", message: "bobby did something" }),
    "bobby did something",
  )
})

for (const [change, value, target, changes] of [
  ["renamed", "Dinner", undefined, false],
  ["described", "At seven", undefined, false],
  ["archived", undefined, undefined, true],
  ["unarchived", undefined, undefined, true],
  ["opened", undefined, undefined, true],
  ["closed", undefined, undefined, true],
  ["settings", "posting=moderators", undefined, true],
  ["settings", "preview=on", undefined, false],
  ["role", "moderator", "bob", true],
  ["role", "moderator", "cleo", false],
  ["handed_over", undefined, "bob", true],
  ["later", undefined, "bob", false],
]) {
  test(`${change} ${value} ${target} ${changes ? "changes" : "leaves"} bob's page`, () => {
    const object = { ...PLACE, user: "alice", change, value, target_user: target, message: "" }
    assert.equal(changesPage(object, "bob"), changes)
  })
}

test("a label ends with the new name, and others stay", () => {
  assert.equal(relabelled("Leave Gardening", "Gardening", "Seeds"), "Leave Seeds")
  assert.equal(relabelled("Close", "Gardening", "Seeds"), "Close")
  assert.equal(relabelled("Gardening", "Gardening", "Seeds"), "Gardening")
})
