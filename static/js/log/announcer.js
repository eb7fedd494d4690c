// Has screen readers say new messages: they read what is added to its element, which is not the log itself, so that
// neither older rows nor what changes in a row are read. A busy group would talk without end: most of it is counted.

import { textOf } from "./message-text.js"

const MOST = 3
const WINDOW = 5_000
const LENGTH = 200 // characters

/** @typedef {import("../connection/protocol.js").TextMessage} TextMessage */

export class Announcer {
  #element
  #user
  #recent = 0
  #skipped = 0
  #mentions = 0
  /** @type {Map<number, HTMLElement>} By the message's seq. */
  #texts = new Map()

  /**
   * @param {HTMLElement} element
   * @param {string} user The reader.
   */
  constructor(element, user) {
    this.#element = element
    this.#user = user
  }

  /**
   * Reads a new message of somebody else. After three texts within five seconds, only how many more came is said, as
   * soon as it may be.
   * @param {TextMessage} message
   */
  announce(message) {
    if (document.hidden || message.deleted) return
    const isMention = this.#isMention(message)
    if (this.#recent < MOST) return this.#say(spoken(message, isMention), message.seq)
    this.#skipped += 1
    this.#mentions += Number(isMention)
  }

  /**
   * A deleted message's text stays nowhere on the page.
   * @param {number} seq
   */
  forget(seq) {
    this.#texts.get(seq)?.remove()
  }

  /**
   * Each text is an element of its own, so that one that equals the last, or comes with it, is read as well.
   * @param {string} text
   * @param {number} [seq] The message's.
   */
  #say(text, seq = 0) {
    const part = document.createElement("p")
    part.textContent = text
    this.#element.append(part)
    this.#texts.set(seq, part)
    this.#recent += 1
    setTimeout(() => this.#end(part, seq), WINDOW)
  }

  /**
   * @param {HTMLElement} part
   * @param {number} seq
   */
  #end(part, seq) {
    part.remove()
    this.#texts.delete(seq)
    this.#recent -= 1
    this.#summarize()
  }

  #summarize() {
    const summary = counted(this.#skipped, this.#mentions)
    this.#skipped = this.#mentions = 0
    if (summary && !document.hidden) this.#say(summary)
  }

  /** @param {TextMessage} message */
  #isMention({ mentions = [] }) {
    return mentions.includes(this.#user) || mentions.includes("everyone")
  }
}

/**
 * @param {TextMessage} message
 * @param {boolean} isMention
 */
function spoken(message, isMention) {
  return `${message.author}${isMention ? " mentions you" : ""}: ${beginning(textOf(message))}`
}

/**
 * Ends with a word, if there is one that ends near the limit.
 * @param {string} text
 */
function beginning(text) {
  const line = text.split(/\s+/).filter(Boolean).join(" ")
  const [begin] = line.match(new RegExp(`^.{${LENGTH / 2},${LENGTH}}(?= )|^.{${LENGTH}}`, "u")) ?? [line]
  return [...line.slice(0, 2 * LENGTH + 2)].length > LENGTH ? `${begin}…` : line
}

/**
 * @param {number} messages
 * @param {number} mentions
 */
function counted(messages, mentions) {
  if (messages === 0) return ""
  const sum = messages === 1 ? "1 new message" : `${messages} new messages`
  if (mentions === 0) return sum
  return `${sum}, ${mentions === 1 ? "1 mention" : `${mentions} mentions`}`
}
