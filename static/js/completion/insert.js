// Text that is put into a field as if it was typed: it can be undone, and the field's listeners follow.

/**
 * Replaces what is between the two places, and leaves the caret after it.
 * @param {HTMLTextAreaElement} field
 * @param {string} text
 * @param {number} [start]
 * @param {number} [end]
 */
export function insert(field, text, start = field.selectionStart, end = field.selectionEnd) {
  field.focus()
  field.setSelectionRange(start, end)
  // Deprecated, but nothing else puts it where the browser's Undo finds it.
  if (document.execCommand("insertText", false, text)) return
  field.setRangeText(text, start, end, "end")
  field.dispatchEvent(new InputEvent("input", { bubbles: true, inputType: "insertText", data: text }))
}
