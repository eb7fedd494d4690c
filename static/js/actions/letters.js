// The keys that act on the row that has the focus.

import { isComposing } from "../shared/typing.js"

/** @type {{ [key: string]: string }} */
const ACTIONS = {
  "+": "react",
  r: "reply",
  c: "copy-link",
  u: "unread",
  e: "edit",
  Delete: "delete",
  Backspace: "delete",
  "?": "keys",
  ContextMenu: "menu",
  F10: "menu",
  Enter: "menu",
}
// These need Shift on many keyboards; with Shift, deleting doesn't ask.
const WITH_SHIFT = ["+", "?", "Delete", "Backspace"]

/**
 * The action that a key means; null for none, such as one of a shortcut or of an input method.
 * @param {KeyboardEvent} event
 */
export function actionOf(event) {
  const { key, shiftKey } = event
  if (isComposing(event) || event.repeat || isShortcut(event)) return null
  if (key === "F10" ? !shiftKey : shiftKey && !WITH_SHIFT.includes(key)) return null
  return Object.hasOwn(ACTIONS, key) ? ACTIONS[key] : null
}

/** @param {KeyboardEvent} event */
function isShortcut(event) {
  return event.altKey || event.ctrlKey || event.metaKey || event.getModifierState("AltGraph")
}
