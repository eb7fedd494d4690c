// The list of the group's members, updated by the log's events. It shows only some members of a large group.

import { fillAvatar } from "../shared/avatar.js"
import { cloned, find } from "../shared/dom.js"

export class Members {
  #list
  #counts
  #count
  #limit
  #user

  /**
   * @param {HTMLElement} list It has the number of the group's members, and of those that it may show.
   * @param {NodeListOf<Element>} counts
   * @param {string} user
   */
  constructor(list, counts, user) {
    this.#list = list
    this.#counts = counts
    this.#count = Number(list.dataset.members)
    this.#limit = Number(list.dataset.limit)
    this.#user = user
  }

  /**
   * Follows an event that is newer than the page. Each adds or removes one member, shown or not.
   * @param {import("../connection/protocol.js").EventMessage} event
   */
  follow({ user, status }) {
    const row = document.getElementById(`members-${user}`)
    if (status === "Left") row?.remove()
    else if (!row && this.#list.childElementCount < this.#limit) this.#insert(user)
    this.#count += status === "Left" ? -1 : 1
    this.#list.dataset.members = String(this.#count)
    for (const count of this.#counts) count.textContent = this.#count.toLocaleString("en")
  }

  /** @param {string} name */
  #insert(name) {
    const row = cloned("member-template")
    row.id = `members-${name}`
    row.dataset.name = name
    const label = find(row, ".member-name", HTMLAnchorElement)
    label.textContent = name
    if (name !== this.#user) this.#link(label, name)
    fillAvatar(find(row, ".avatar"), name)
    this.#list.insertBefore(row, this.#after(name))
  }

  /**
   * Has the name lead to a conversation.
   * @param {HTMLAnchorElement} label
   * @param {string} name
   */
  #link(label, name) {
    const { messages } = this.#list.dataset
    if (!messages) return
    label.href = messages + encodeURIComponent(name)
    label.setAttribute("aria-label", `Message ${name}`)
  }

  /** @param {string} name */
  #after(name) {
    /** @type {NodeListOf<HTMLElement>} */
    const rows = this.#list.querySelectorAll("[data-name]")
    return [...rows].find(row => inOrder(name, String(row.dataset.name)) < 0) ?? null
  }
}

/**
 * Compares names as the server sorts them, whatever their case and joiners.
 * @param {string} one
 * @param {string} other
 */
export function inOrder(one, other) {
  const [first, second] = [caseless(one), caseless(other)]
  return first < second ? -1 : Number(first > second)
}

/**
 * Like Python's casefold: upper case first, since only there is ß the same as ss. Without joiners.
 * @param {string} name
 */
function caseless(name) {
  return name
    .replaceAll(/\u200c|\u200d/g, "")
    .toUpperCase()
    .toLowerCase()
}
