// The rows below the log: what was written and is not in the log yet.

import { linkify } from "./links.js"

export class Pending {
  #list
  #rows = new Map()
  #outbox

  constructor(list, outbox) {
    this.#list = list
    this.#outbox = outbox
    list.addEventListener("click", ({ target }) => this.#decide(target.closest("button")))
  }

  /** Makes the rows agree with the outbox. `continues` says whether the first goes on under the log's last header. */
  show(last, continues) {
    const messages = this.#outbox.messages
    for (const message of messages) this.#update(this.#rowFor(message), message)
    this.#removeAllBut(messages, last)
    const rows = [...this.#list.children].filter(row => !row.hidden)
    for (const [index, row] of rows.entries()) row.classList.toggle("continues", index > 0 || continues)
  }

  /** An entry of one's own is here, its ack is not: the row would stand beside it for a moment. */
  arrived(content) {
    const rows = this.#list.querySelectorAll(".pending:not(.failed, [hidden])")
    const row = [...rows].find(row => row.querySelector(".entry-text").textContent.trim() === content.trim())
    if (row) row.hidden = true
  }

  #rowFor({ client_id, message }) {
    const known = this.#rows.get(client_id)
    if (known) return known
    const row = document.querySelector("#pending-template").content.firstElementChild.cloneNode(true)
    row.dataset.clientId = client_id
    const text = row.querySelector(".entry-text")
    text.textContent = message
    linkify(text)
    this.#rows.set(client_id, row)
    this.#list.append(row)
    return row
  }

  #update(row, { seq, refusal }) {
    if (seq) row.dataset.acknowledged = seq
    if (refusal) row.hidden = false
    row.classList.toggle("failed", Boolean(refusal))
    row.querySelector(".pending-mark").textContent = seq ? "sent" : "sending"
    row.querySelector(".pending-mark").hidden = Boolean(refusal)
    row.querySelector(".pending-reason").textContent = refusal ? `Not sent: ${refusal}` : ""
    row.querySelector(".pending-failure").hidden = !refusal
  }

  // Another tab may have seen the entry before this one: the row stays until it is in this log too.
  #removeAllBut(messages, last) {
    const ids = new Set(messages.map(({ client_id }) => client_id))
    for (const [id, row] of this.#rows) {
      if (ids.has(id) || Number(row.dataset.acknowledged) > last) continue
      row.remove()
      this.#rows.delete(id)
    }
  }

  #decide(button) {
    const id = button?.closest("[data-client-id]").dataset.clientId
    if (button?.value === "retry") this.#outbox.retry(id)
    if (button?.value === "discard") this.#outbox.discard(id)
  }
}
