// Each day's first entry is preceded by its date. The server separates days of UTC; these are the reader's.

import { localDay, nameOfDay } from "./times.js"

export function separateDays(list) {
  for (const separator of list.querySelectorAll(".day")) separator.remove()
  for (const row of list.querySelectorAll("[data-seq]")) separateDay(row)
}

export function separateDay(row) {
  const before = row.previousElementSibling
  if (!before || dayOf(before) !== dayOf(row)) row.before(separator(dayOf(row)))
}

/** At midnight "Today" becomes another day's name. */
export function renameDays(list) {
  for (const time of list.querySelectorAll(".day time")) time.textContent = nameOfDay(time.dateTime)
}

function dayOf(row) {
  return localDay(new Date(row.querySelector("time").dateTime))
}

function separator(key) {
  const row = document.querySelector("#day-template").content.firstElementChild.cloneNode(true)
  const time = row.querySelector("time")
  time.dateTime = key
  time.textContent = nameOfDay(key)
  return row
}
