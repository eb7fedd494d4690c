// The panel of the user's groups: it stays where it was scrolled to, with the present group in view. Only the panel
// scrolls for that, never the page.

import { keyOf } from "../shared/account.js"
import { keepInTab, keptInTab } from "../shared/storage.js"

const SPACE = 8 // pixels above and below the group

/**
 * @param {HTMLElement} panel
 * @param {HTMLElement} list
 */
export function keepPlace(panel, list) {
  const key = keyOf(document.body.dataset.account ?? "", "groups-scrolled")
  const restore = () => {
    panel.scrollTop = Number(keptInTab(key) ?? 0)
    reveal(panel, list)
  }
  const keep = () => isShown(panel) && keepInTab(key, String(panel.scrollTop))
  restore()
  addEventListener("pagehide", keep)
  // On a phone it covers the page, and is somewhere only while it is open.
  panel.addEventListener("toggle", () => isShown(panel) && restore())
  panel.addEventListener("beforetoggle", event => event.newState === "closed" && keep())
}

/** @param {HTMLElement} panel */
function isShown(panel) {
  return panel.clientHeight > 0
}

/**
 * @param {HTMLElement} panel
 * @param {HTMLElement} list
 */
function reveal(panel, list) {
  const row = list.querySelector("[aria-current=page]")
  if (!row || !isShown(panel)) return
  const { top, bottom } = row.getBoundingClientRect()
  const first = panel.getBoundingClientRect().top + SPACE
  // The links at the end stand before what is below them.
  const last = (panel.querySelector(".panel-foot") ?? panel).getBoundingClientRect().top - SPACE
  if (top < first) panel.scrollTop += top - first
  else if (bottom > last) panel.scrollTop += bottom - last
}
