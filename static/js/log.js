// The log of a group as the page shows it: entries in the order of seq, without a gap.

import { fillAvatar } from "./avatar.js"
import { separateDay, separateDays } from "./days.js"
import { linkify } from "./links.js"
import { localize } from "./times.js"

const SAME_BREATH = 5 * 60 * 1_000
const DEEDS = { Join: "joined", Left: "left" }

export class Log {
  #list
  #last

  constructor(list, last) {
    this.#list = list
    this.#last = last
    this.#dress(list)
    // History is not news: only what is appended from now on is to be read aloud.
    list.setAttribute("aria-live", "polite")
  }

  get last() {
    return this.#last
  }

  get first() {
    return Number(this.#list.querySelector("[data-seq]")?.dataset.seq ?? this.#last + 1)
  }

  /** False where entries are missing before this one: the log stays as it is. */
  append(entry) {
    if (entry.seq <= this.#last) return true
    if (entry.seq > this.#last + 1) return false
    const row = render(entry)
    row.classList.toggle("continues", this.continues(entry.author, entry.timestamp))
    this.#list.append(row)
    separateDay(row)
    this.#last = entry.seq
    return true
  }

  /** Puts older rows, rendered by the server, before those that are here. */
  prepend(rows) {
    const before = this.first
    const older = rows.filter(row => Number(row.dataset.seq) < before)
    this.#list.setAttribute("aria-live", "off")
    this.#list.prepend(...older)
    this.#dress(this.#list)
    setTimeout(() => this.#list.setAttribute("aria-live", "polite"), 1_000)
  }

  /** Whether a message of `author` at `timestamp` would go on under the last row's header. */
  continues(author, timestamp) {
    const row = this.#list.lastElementChild
    if (!row?.matches(".message") || row.dataset.name !== author) return false
    return new Date(timestamp) - new Date(row.querySelector("time").dateTime) < SAME_BREATH
  }

  #dress(list) {
    localize(list)
    separateDays(list)
    for (const text of list.querySelectorAll(".entry-text")) linkify(text)
  }
}

function render(entry) {
  const row = entry.type === "text_message" ? renderMessage(entry) : renderEvent(entry)
  const time = row.querySelector("time")
  row.id = `seq-${entry.seq}`
  row.dataset.seq = entry.seq
  row.querySelector(".entry-time").href = `#${row.id}`
  time.dateTime = entry.timestamp
  localize(row)
  return row
}

function renderMessage({ author, content, withdrawn }) {
  const row = named("#message-template", author)
  const text = row.querySelector(".entry-text")
  fillAvatar(row.querySelector(".avatar"), author)
  text.textContent = withdrawn ? "message removed" : content
  text.classList.toggle("withdrawn", Boolean(withdrawn))
  linkify(text)
  return row
}

function renderEvent({ user, status }) {
  const row = named("#event-template", user)
  row.querySelector(".entry-deed").textContent = DEEDS[status]
  return row
}

function named(template, name) {
  const row = document.querySelector(template).content.firstElementChild.cloneNode(true)
  row.dataset.name = name
  row.querySelector(".entry-name").textContent = name
  return row
}
