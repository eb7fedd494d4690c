import assert from "node:assert/strict"
import { test } from "node:test"
import { actionOf } from "../../static/js/actions/letters.js"

const pressed = (key, more = {}) => actionOf({ key, getModifierState: name => name === more.modifier, ...more })

test("letters and other keys mean actions", () => {
  const keys = ["r", "e", "+", "u", "c", "Delete", "Backspace", "?", "Enter", "ContextMenu"]
  const actions = ["reply", "edit", "react", "unread", "copy-link", "delete", "delete", "keys", "menu", "menu"]

  assert.deepEqual(
    keys.map(key => pressed(key)),
    actions,
  )
})

test("keys of shortcuts, of input methods, and those that are held mean none", () => {
  const others = [{ altKey: true }, { ctrlKey: true }, { metaKey: true }, { shiftKey: true }, { modifier: "AltGraph" }]
  const composing = [{ isComposing: true }, { keyCode: 229 }, { repeat: true }]

  for (const more of [...others, ...composing]) assert.equal(pressed("u", more), null)
})

test("signs that need Shift on many keyboards mean the same with it", () => {
  const keys = ["+", "?", "Delete", "Backspace", "F10"]

  assert.deepEqual(
    keys.map(key => pressed(key, { shiftKey: true })),
    ["react", "keys", "delete", "delete", "menu"],
  )
})

test("other keys mean none", () => {
  assert.deepEqual(
    ["x", "R", "F10", "toString"].map(key => pressed(key)),
    [null, null, null, null],
  )
})
