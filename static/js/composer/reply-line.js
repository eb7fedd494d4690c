// What the composer shows of the message that is answered, as soon as its row is on the page: a draft keeps only which one
// it is.

import { completeAnswered } from "../log/replies.js"
import { attempt } from "../shared/attempt.js"
import { find } from "../shared/dom.js"
import { EARLIER } from "./reply.js"

export class ReplyLine {
  #reply
  #log
  #line

  /** @param {import("../pages/group-later.js").Context} context */
  constructor({ page, list, view, reply }) {
    this.#reply = reply
    this.#log = view.log
    this.#line = find(page, ".composer-reply-text")
    list.addEventListener("rows", () => this.#complete())
    this.#line.addEventListener("restored", () => this.#complete())
    this.#complete()
  }

  #complete() {
    const { seq } = this.#reply
    if (!seq || find(this.#line, ".entry-reply-text").textContent !== EARLIER) return
    const row = this.#log.rowOf(seq)
    if (row) attempt(() => completeAnswered(this.#line, row))
  }
}
