// The button in the composer's box that inserts emoji into the message.

import { report } from "../shared/attempt.js"
import { find } from "../shared/dom.js"

/**
 * Shows the button, if the browser can show what it opens.
 * @param {HTMLElement} form
 * @param {string} account
 */
export function startEmojiButton(form, account) {
  const button = find(form, ".composer-emoji")
  const field = find(form, "textarea", HTMLTextAreaElement)
  if (!("popover" in button)) return
  const chosen = (/** @type {string} */ emoji) => insert(field, emoji)
  button.addEventListener("click", async () => {
    try {
      const { openPicker } = await import("./picker.js")
      openPicker({ anchor: button, account, chosen })
    } catch (error) {
      report(error)
    }
  })
  button.dataset.ready = ""
}

/**
 * Puts a text where the caret is, or in the place of what is selected, so that it can be undone.
 * @param {HTMLTextAreaElement} field
 * @param {string} text
 */
function insert(field, text) {
  field.focus()
  if (document.execCommand("insertText", false, text)) return
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end")
  field.dispatchEvent(new Event("input", { bubbles: true }))
}
