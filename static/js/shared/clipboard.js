// The clipboard, also where pages have none, such as on plain http.

/**
 * Returns whether the text is in the clipboard now.
 * @param {string} text
 */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return copySelected(text) // there is none, or it was not allowed
  }
}

/** @param {string} text */
function copySelected(text) {
  const focused = document.activeElement
  const field = document.createElement("textarea")
  field.className = "visually-hidden"
  field.value = text
  document.body.append(field)
  field.select()
  const isCopied = document.execCommand("copy")
  field.remove()
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true })
  return isCopied
}
