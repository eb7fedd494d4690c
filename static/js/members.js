// Who belongs to the group, as the log's events tell.

import { fillAvatar } from "./avatar.js"

export class Members {
  #list
  #counts

  constructor(list, counts) {
    this.#list = list
    this.#counts = counts
  }

  follow({ user, status }) {
    const row = document.getElementById(`members-${user}`)
    if (status === "Left") row?.remove()
    else if (!row) this.#insert(user)
    for (const count of this.#counts) count.textContent = this.#list.childElementCount
  }

  #insert(name) {
    const row = document.querySelector("#member-template").content.firstElementChild.cloneNode(true)
    row.id = `members-${name}`
    row.dataset.name = name
    row.querySelector(".member-name").textContent = name
    fillAvatar(row.querySelector(".avatar"), name)
    this.#list.insertBefore(row, this.#after(name))
  }

  #after(name) {
    return [...this.#list.children].find(row => row.dataset.name.toLowerCase() > name.toLowerCase()) ?? null
  }
}
