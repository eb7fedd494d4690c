import assert from "node:assert/strict"
import { test } from "node:test"
import { Cursor } from "../../static/js/log/cursor.js"

const NOON = "2026-11-22T12:00:00.000001Z"

const entry = seq => ({ type: "of a version to come", seq, timestamp: `2026-11-22T12:00:0${seq}.000000Z` })

test("the next entry is counted, whatever its type", () => {
  const cursor = new Cursor(3)

  assert.ok(cursor.advance(entry(4)))
  assert.equal(cursor.seq, 4)
})

test("an entry that was read before is not counted again", () => {
  const cursor = new Cursor(3)

  assert.ok(!cursor.isBefore(entry(3)))
  assert.ok(!cursor.advance(entry(3)))
  assert.equal(cursor.seq, 3)
})

test("an entry after a gap is not counted", () => {
  const cursor = new Cursor(3)

  assert.ok(cursor.isBefore(entry(5)))
  assert.ok(!cursor.advance(entry(5)))
  assert.equal(cursor.seq, 3)
})

test("the query names the place in the log alone where the page knows no epoch", () => {
  assert.equal(new Cursor(3, NOON).query, "?since=3")
})

test("the query names epoch and timestamp where both are known", () => {
  const cursor = new Cursor(3, NOON, "7")
  const query = new URLSearchParams(cursor.query)

  assert.deepEqual(Object.fromEntries(query), { since: "3", epoch: "7", at: NOON })
})

test("the timestamp is that of the last entry, or left out", () => {
  const cursor = new Cursor(3, undefined, "7")
  assert.equal(cursor.query, "?since=3&epoch=7")

  cursor.advance(entry(4))

  assert.equal(new URLSearchParams(cursor.query).get("at"), entry(4).timestamp)
})

test("another epoch is another log, unless one side knows none", () => {
  assert.ok(new Cursor(3, NOON, "7").isIn(7))
  assert.ok(!new Cursor(3, NOON, "7").isIn("8"))
  assert.ok(new Cursor(3, NOON, "7").isIn(undefined))
  assert.ok(new Cursor(3, NOON).isIn("8"))
})
