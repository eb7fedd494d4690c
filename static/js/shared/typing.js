// What fields in which people type have in common.

// The keyCode of keys that an input method uses, also of the one that ends a composition.
const COMPOSING = 229

/**
 * Whether the key belongs to an input method.
 * @param {KeyboardEvent} event
 */
export function isComposing(event) {
  return event.isComposing || event.keyCode === COMPOSING
}

/** Touch keyboards have no Shift+Enter for a new line: there a button sends. */
export function hasKeyboard() {
  return !matchMedia("(pointer: coarse)").matches
}

/**
 * Makes a field as high as its text, where styles can't.
 * @param {HTMLTextAreaElement} field
 */
export function growToFit(field) {
  if (CSS.supports("field-sizing", "content")) return
  field.style.height = "auto"
  field.style.height = `${field.scrollHeight}px`
}
