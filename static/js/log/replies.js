// Replies: above their text a line that shows what they answer, and below what is answered, how many replies it has.

import { cloned, contentOf, find } from "../shared/dom.js"
import { excerpt, words } from "./excerpt.js"
import { textOf } from "./message-text.js"

const EARLIER = "Earlier message"

/** @typedef {import("./rows.js").Here} Here */
/**
 * What a reply shows of the message that it answers.
 * @typedef {{ author: string, text: string, isEdited: boolean, isDeleted: boolean }} Answered
 */

/**
 * Adds the line of a reply whose row is new. `target`: the row of what it answers, if the page shows it.
 * @param {HTMLElement} row
 * @param {import("../connection/protocol.js").TextMessage} reply
 * @param {HTMLElement | null} target
 * @param {Here} here
 */
export function showAnswered(row, { reply_to, reply_rev = 0 }, target, { address }) {
  const line = cloned("reply-template")
  line.dataset.replyTo = String(reply_to)
  line.setAttribute("href", `${address}?at=${reply_to}#seq-${reply_to}`)
  find(row, ".entry-head").after(line)
  line.dataset.replyRev = String(reply_rev)
  if (target) completeAnswered(line, target)
  else find(line, ".entry-reply-text").textContent = EARLIER
}

/**
 * Shows in a line that lacks it what it answers.
 * @param {HTMLElement} line
 * @param {HTMLElement} target Its row.
 */
export function completeAnswered(line, target) {
  quote(line, answeredIn(target, Number(line.dataset.replyRev)))
}

/**
 * Follows a change of what is answered.
 * @param {HTMLElement} line
 * @param {import("./changes.js").RowChange} change
 */
export function followAnswered(line, change) {
  if (change.type === "message_edited")
    quote(line, { author: change.author, text: excerpt(textOf(change)), isEdited: true, isDeleted: false })
  if (change.type === "message_deleted") {
    const author = find(line, ".entry-reply-name").textContent
    quote(line, { author, text: "", isEdited: false, isDeleted: true })
  }
}

/** @param {HTMLElement} line */
export function isOfDeleted(line) {
  return line.classList.contains("deleted")
}

/**
 * @param {HTMLElement} row
 * @param {Here} here
 */
export function countReply(row, { address }) {
  const link = row.querySelector(".entry-replies") ?? addReplies(row, address)
  const number = find(link, ".entry-replies-count")
  const count = Number(number.textContent) + 1
  number.textContent = String(count)
  find(link, ".entry-replies-word").textContent = count === 1 ? "reply" : "replies"
}

/**
 * @param {HTMLElement} line
 * @param {Answered} answered
 */
function quote(line, { author, text, isEdited, isDeleted }) {
  find(line, ".entry-reply-name").textContent = author
  find(line, ".entry-reply-text").textContent = isDeleted ? tombstone() : text
  line.classList.toggle("deleted", isDeleted)
  const note = line.querySelector(".entry-reply-note")
  note?.previousSibling?.remove()
  note?.remove()
  if (isEdited) line.append(" ", cloned("reply-note-template"))
  // Of what was deleted before the page showed it, the author is not known.
  if (author) delete line.dataset.replyRev
}

/**
 * @param {HTMLElement} target
 * @param {number} rev Of its text that was answered.
 * @returns {Answered}
 */
function answeredIn(target, rev) {
  const isDeleted = target.querySelector(".entry-deleted") !== null
  const text = isDeleted ? "" : excerpt(words(find(target, ".entry-text")))
  return {
    author: String(target.dataset.name),
    text,
    isEdited: !isDeleted && Number(target.dataset.rev) > rev,
    isDeleted,
  }
}

function tombstone() {
  return contentOf("tombstone-template-deleted").textContent.trim()
}

/**
 * @param {HTMLElement} row
 * @param {string} address
 */
function addReplies(row, address) {
  const link = cloned("replies-template")
  link.setAttribute("href", `${address}?replies=${row.dataset.seq}`)
  row.insertBefore(link, row.querySelector(".entry-actions"))
  return link
}
