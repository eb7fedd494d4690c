// The names of the log's days: at midnight "Today" changes.

import { attempt } from "../shared/attempt.js"
import { nameOfDay } from "../shared/times.js"

/** @param {HTMLElement} list */
export function renameDays(list) {
  /** @type {NodeListOf<HTMLTimeElement>} */
  const times = list.querySelectorAll(".entry-day time")
  for (const time of times) attempt(() => (time.textContent = nameOfDay(time.dateTime)))
}
