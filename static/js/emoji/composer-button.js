// The button in the composer's box that inserts emoji into the message.

import { insert } from "../completion/insert.js"
import { find } from "../shared/dom.js"

/**
 * Shows the button, if the browser can show what it opens.
 * @param {HTMLElement} form
 * @param {(opening: import("../pages/group-later.js").Opening) => void} pick
 */
export function startEmojiButton(form, pick) {
  const button = find(form, ".composer-emoji")
  const field = find(form, "textarea", HTMLTextAreaElement)
  if (!("popover" in button)) return
  button.addEventListener("click", () => pick({ anchor: button, chosen: emoji => insert(field, emoji) }))
  button.dataset.ready = ""
}
