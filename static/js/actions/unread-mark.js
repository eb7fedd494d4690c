// Marks a message and all that follow as unread, as its page's form does, without leaving the page.

import { ask } from "../shared/ask.js"
import { find } from "../shared/dom.js"
import { pause } from "../shared/pause.js"

const PAUSE = 3_000 // milliseconds between two requests

export class UnreadMark {
  #parts
  /** The last one; earlier ones that were not answered are given up. */
  #seq = 0

  /** @param {import("../pages/group-later.js").Context} parts */
  constructor(parts) {
    this.#parts = parts
  }

  /** @param {number} seq */
  mark(seq) {
    this.#seq = seq
    this.#parts.unread.markUnread(seq)
    this.#show(seq)
    return this.#send(seq)
  }

  /**
   * Until the server has answered. The page's socket, or what it reads instead, says then how much is unread.
   * @param {number} seq
   */
  async #send(seq) {
    const { account, address, socket, explain } = this.#parts
    const body = new URLSearchParams({ account })
    for (; seq === this.#seq && !socket.hasEnded; await pause(PAUSE)) {
      const answer = await ask(`${address}messages/${seq}/unread/`, { method: "POST", body, keepalive: true })
      if (answer?.status === 200) return
      if (answer && answer.status < 500 && answer.status !== 429) {
        return explain("This couldn't be marked as unread. Reload the page and try again.")
      }
    }
  }

  /** @param {number} seq */
  #show(seq) {
    const { page, view } = this.#parts
    view.change(() => view.newLine.moveTo(this.#firstOfOthers(seq)))
    find(page, "#marked-unread").hidden = false
  }

  /** @param {number} from */
  #firstOfOthers(from) {
    /** @type {NodeListOf<HTMLElement>} */
    const messages = this.#parts.list.querySelectorAll(".message[data-seq]")
    const others = [...messages].filter(({ dataset }) => dataset.name !== this.#parts.user)
    return others.map(({ dataset }) => Number(dataset.seq)).find(seq => seq >= from) ?? 0
  }
}
