// Separators with the date before each day's first entry: days in the reader's time zone, where the server uses UTC.

import { cloned, find } from "../shared/dom.js"
import { localDay, nameOfDay } from "../shared/times.js"

/** @param {HTMLElement} list */
export function separateDays(list) {
  for (const separator of list.querySelectorAll(".entry-day")) separator.remove()
  for (const row of list.querySelectorAll("[data-seq]")) separateDay(row)
}

/** @param {Element} row */
export function separateDay(row) {
  const before = row.previousElementSibling
  if (!before || dayOf(before) !== dayOf(row)) row.before(separator(dayOf(row)))
}

/**
 * Updates the names of days: at midnight "Today" changes.
 * @param {HTMLElement} list
 */
export function renameDays(list) {
  /** @type {NodeListOf<HTMLTimeElement>} */
  const times = list.querySelectorAll(".entry-day time")
  for (const time of times) time.textContent = nameOfDay(time.dateTime)
}

/** @param {Element} row */
function dayOf(row) {
  return localDay(new Date(find(row, "time", HTMLTimeElement).dateTime))
}

/** @param {string} key */
function separator(key) {
  const row = cloned("day-template")
  const time = find(row, "time", HTMLTimeElement)
  time.dateTime = key
  time.textContent = nameOfDay(key)
  return row
}
