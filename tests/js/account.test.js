import assert from "node:assert/strict"
import { test } from "node:test"
import { isOf } from "../../static/js/shared/account.js"

test("a session is the page's if account and name agree", () => {
  assert.ok(isOf({ user: "alice", account: "1-2026" }, "1-2026", "alice"))
  assert.ok(!isOf({ user: "bob", account: "2-2026" }, "1-2026", "alice"))
})

test("a new account of the same name is another one", () => {
  assert.ok(!isOf({ user: "alice", account: "2-2026" }, "1-2026", "alice"))
})

test("a renamed account is not the one that the page shows", () => {
  assert.ok(!isOf({ user: "alina", account: "1-2026" }, "1-2026", "alice"))
})

test("the name decides where the server sends no account", () => {
  assert.ok(isOf({ user: "alice" }, "1-2026", "alice"))
  assert.ok(!isOf({ user: "bob" }, "1-2026", "alice"))
})
