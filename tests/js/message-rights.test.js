import assert from "node:assert/strict"
import { test } from "node:test"
import { actionsFor } from "../../static/js/actions/rights.js"

const others = {
  isMessage: true,
  isDeleted: false,
  isEdited: false,
  isOwn: false,
  isFrozen: false,
  mayWrite: true,
  mayDelete: false,
}
const ALWAYS = ["copy-text", "copy-link", "unread"]

const CASES = [
  ["the message of somebody else", {}, ["react", "reply", ...ALWAYS]],
  ["one's own", { isOwn: true }, ["react", "reply", ...ALWAYS, "edit", "delete"]],
  ["an edited one", { isEdited: true }, ["react", "reply", ...ALWAYS, "history"]],
  ["a moderator", { mayDelete: true }, ["react", "reply", ...ALWAYS, "delete"]],
  ["where only moderators write", { isOwn: true, mayWrite: false }, ["react", ...ALWAYS, "edit", "delete"]],
  ["where nobody writes", { isOwn: true, isFrozen: true, mayWrite: false }, [...ALWAYS, "delete"]],
  ["a deleted message", { isOwn: true, isDeleted: true }, ["copy-link", "unread"]],
  ["an event", { isMessage: false }, ["copy-link"]],
]

for (const [name, acted, expected] of CASES) {
  test(`what can be done: ${name}`, () => assert.deepEqual(actionsFor({ ...others, ...acted }), expected))
}
