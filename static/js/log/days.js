// Separators with the date before each day's first entry: days in the reader's time zone, where the server uses UTC.

import { attempt } from "../shared/attempt.js"
import { cloned, find } from "../shared/dom.js"
import { localDay, nameOfDay } from "../shared/times.js"

/** @type {WeakMap<Element, Element>} The separators that were created here, and the first rows of their days. */
const firstRows = new WeakMap()

/**
 * Puts a separator before each day's first row, and nowhere else. Those that are right stay.
 * @param {HTMLElement} list
 */
export function separateDays(list) {
  const needed = new Set()
  let above = ""
  for (const row of list.querySelectorAll("[data-seq]")) {
    // A row without a valid time belongs to the day of the row above.
    const day = attempt(() => dayOf(row)) || above
    if (day !== above) needed.add(separatorBefore(row, day))
    above = day
  }
  for (const separator of list.querySelectorAll(".entry-day")) if (!needed.has(separator)) separator.remove()
}

/**
 * The same for a row after which there is none.
 * @param {Element} row
 */
export function separateDay(row) {
  attempt(() => {
    const day = dayOf(row)
    if (day && day !== dayAbove(row)) row.before(separator(row, day))
  })
}

/**
 * @param {Element} row
 * @param {string} day
 */
function separatorBefore(row, day) {
  const run = row.previousElementSibling?.matches("summary") ? row.parentElement : null
  const line = row.previousElementSibling
  const first = run ?? (line?.id === "unread-line" ? line : row)
  const before = first.previousElementSibling
  if (before && firstRows.get(before) === row && before.querySelector("time")?.dateTime === day) return before
  const added = separator(row, day)
  first.before(added)
  return added
}

/** @param {Element} row */
function dayAbove(row) {
  let above = row.previousElementSibling
  while (above && !dayOf(above)) above = above.previousElementSibling
  return above && dayOf(above)
}

/** @param {Element} row */
function dayOf(row) {
  const moment = new Date(row.querySelector("time")?.dateTime ?? "")
  return Number.isNaN(moment.getTime()) ? "" : localDay(moment)
}

/**
 * @param {Element} row The day's first.
 * @param {string} day
 */
function separator(row, day) {
  const added = cloned("day-template")
  const time = find(added, "time", HTMLTimeElement)
  time.dateTime = day
  time.textContent = nameOfDay(day)
  firstRows.set(added, row)
  return added
}
