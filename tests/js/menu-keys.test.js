import assert from "node:assert/strict"
import { test } from "node:test"
import { itemFor } from "../../static/js/actions/menu-keys.js"

const items = ["👍", "🎉", "More", "Reply", "Copy text", "Copy link"].map(textContent => ({ textContent }))
const line = items.slice(0, 3)
const from = (place, key, among = line) => items.indexOf(itemFor(key, items[place], items, among))
const NOWHERE = -1

test("left and right lead along the line, and nowhere else", () => {
  const keys = [
    [0, "ArrowRight"],
    [2, "ArrowRight"],
    [1, "ArrowLeft"],
    [0, "ArrowLeft"],
    [3, "ArrowRight"],
  ]

  assert.deepEqual(
    keys.map(each => from(...each)),
    [1, 2, 0, 0, NOWHERE],
  )
})

test("up and down pass the line as one, and go round", () => {
  const keys = [
    [1, "ArrowDown"],
    [3, "ArrowDown"],
    [5, "ArrowDown"],
    [2, "ArrowUp"],
    [3, "ArrowUp"],
    [5, "ArrowUp"],
  ]

  assert.deepEqual(
    keys.map(each => from(...each)),
    [3, 4, 0, 5, 0, 4],
  )
})

test("a menu without a line goes round as well", () => {
  assert.deepEqual([from(5, "ArrowDown", []), from(0, "ArrowUp", [])], [0, 5])
})

test("letters lead to the next item that begins with them", () => {
  assert.deepEqual(
    [from(3, "c"), from(4, "c"), from(5, "c"), from(5, "r"), from(5, "x"), from(3, " ")],
    [4, 5, 4, 3, -1, -1],
  )
})
