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
  follow(panel, list)
  // On a phone it covers the page, and is somewhere only while it is open.
  panel.addEventListener("toggle", () => isShown(panel) && restore())
  panel.addEventListener("beforetoggle", event => event.newState === "closed" && keep())
}

/**
 * Scrolls with the present group when it gets another place, unless somebody has scrolled away from it.
 * @param {HTMLElement} panel
 * @param {HTMLElement} list
 */
function follow(panel, list) {
  let isInView = true
  panel.addEventListener(
    "scroll",
    () => {
      isInView = Math.abs(overlapOf(panel, list)) < SPACE
    },
    { passive: true },
  )
  new MutationObserver(() => isInView && reveal(panel, list)).observe(list, { childList: true })
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
  if (isShown(panel)) panel.scrollTop += overlapOf(panel, list)
}

/**
 * By how many pixels the present group is below what is in view; negative if it is above.
 * @param {HTMLElement} panel
 * @param {HTMLElement} list
 */
function overlapOf(panel, list) {
  const row = list.querySelector("[aria-current=page]")
  if (!row) return 0
  const { top, bottom } = row.getBoundingClientRect()
  const box = panel.getBoundingClientRect()
  // The heading and the links at the end may stand before what is behind them.
  const heading = panel.querySelector("h2")?.getBoundingClientRect().bottom ?? box.top
  const foot = panel.querySelector(".panel-foot")?.getBoundingClientRect().top ?? box.bottom
  const first = Math.max(box.top, heading) + SPACE
  const last = Math.min(box.bottom, foot) - SPACE
  return top < first ? top - first : Math.max(0, bottom - last)
}
