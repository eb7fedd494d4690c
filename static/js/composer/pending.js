// The rows below the log: messages that are not in the log yet.

import { around, cloned, find } from "../shared/dom.js"
import { linkify } from "../shared/linkify.js"

/** @typedef {import("./outbox.js").Unsent<import("../connection/protocol.js").SendMessage>} Message */

export class Pending {
  #list
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map()
  #outbox

  /**
   * @param {HTMLElement} list
   * @param {import("./outbox.js").Outbox} outbox
   */
  constructor(list, outbox) {
    this.#list = list
    this.#outbox = outbox
    list.addEventListener("click", event => this.#decide(event))
  }

  /**
   * Makes the rows agree with the outbox. `continues`: whether the first row shares the log's last header.
   * @param {number} last
   * @param {boolean} continues
   */
  show(last, continues) {
    const messages = this.#outbox.messages
    for (const message of messages) this.#update(this.#rowFor(message), message)
    this.#removeAllBut(messages, last)
    const rows = [...this.#list.children].filter(row => !row.hasAttribute("hidden"))
    for (const [index, row] of rows.entries()) row.classList.toggle("continues", index > 0 || continues)
  }

  /**
   * Hides the row of an own message that arrived before its ack: otherwise both would show for a moment.
   * @param {string} content
   */
  arrived(content) {
    /** @type {NodeListOf<HTMLElement>} */
    const rows = this.#list.querySelectorAll(".pending:not(.failed, [hidden])")
    const row = [...rows].find(row => find(row, ".entry-text").textContent.trim() === content.trim())
    if (row) row.hidden = true
  }

  /** @param {Message} message */
  #rowFor({ client_id }) {
    const known = this.#rows.get(client_id)
    if (known) return known
    const row = cloned("pending-template")
    row.dataset.clientId = client_id
    this.#rows.set(client_id, row)
    this.#list.append(row)
    return row
  }

  /**
   * @param {HTMLElement} row
   * @param {Message} message
   */
  #update(row, { command, seq, refusal, heldBy }) {
    const mark = find(row, ".pending-mark")
    const text = find(row, ".entry-text")
    if (text.textContent !== command.message) {
      text.textContent = command.message
      linkify(text)
    }
    if (seq) row.dataset.acknowledged = String(seq)
    if (refusal) row.hidden = false
    row.classList.toggle("failed", Boolean(refusal))
    if (seq) mark.textContent = String(mark.dataset.sent)
    mark.hidden = Boolean(refusal || heldBy)
    find(row, ".pending-reason").textContent = refusal ? `Not sent: ${refusal}` : ""
    find(row, ".pending-failure").hidden = !refusal
  }

  /**
   * Removes the rows of other messages, but not before their entries are in this tab's log.
   * @param {Message[]} messages
   * @param {number} last
   */
  #removeAllBut(messages, last) {
    const ids = new Set(messages.map(({ client_id }) => client_id))
    for (const [id, row] of this.#rows) {
      if (ids.has(id) || Number(row.dataset.acknowledged) > last) continue
      row.remove()
      this.#rows.delete(id)
    }
  }

  /** @param {Event} event */
  #decide(event) {
    const button = around(event, "button", HTMLButtonElement)
    const id = around(event, "[data-client-id]")?.dataset.clientId
    if (!button || !id) return
    if (button.value === "retry") this.#outbox.retry(id)
    if (button.value === "discard") this.#outbox.discard(id)
  }
}
