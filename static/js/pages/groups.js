// The rows of the home page, each with the buttons that apply.

import { attempt } from "../shared/attempt.js"
import { contentOf, find } from "../shared/dom.js"

export class Groups {
  #list
  #news

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} news
   */
  constructor(list, news) {
    this.#list = list
    this.#news = news
  }

  /**
   * Makes every row agree with the groups that the user is in.
   * @param {string[]} uuids
   */
  agree(uuids) {
    const joined = new Set(uuids)
    for (const row of this.#rows(".group")) {
      attempt(() => this.#set(row, joined.has(row.id)))
      this.release(row)
    }
  }

  /** @param {string} uuid */
  join(uuid) {
    this.#answer(uuid, true)
  }

  /** @param {string} uuid */
  leave(uuid) {
    this.#answer(uuid, false)
  }

  /**
   * @param {string | undefined} uuid
   * @param {string} message
   */
  refuse(uuid, message) {
    const row = uuid && this.#row(uuid)
    if (!row) return this.releaseAll()
    this.release(row)
    this.#say(row, message)
  }

  /**
   * Disables the row's buttons until the answer, so that each click sends one command.
   * @param {HTMLElement} row
   */
  hold(row) {
    row.dataset.focused = String(row.contains(document.activeElement))
    this.#say(row, "")
    for (const button of row.querySelectorAll("button")) button.disabled = true
  }

  /** @param {HTMLElement} row */
  release(row) {
    for (const button of row.querySelectorAll("button")) button.disabled = false
    this.#refocus(row)
    delete row.dataset.focused
  }

  releaseAll() {
    for (const row of this.#rows(".group[data-focused]")) this.release(row)
  }

  /**
   * @param {string} uuid
   * @param {boolean} isMember
   */
  #answer(uuid, isMember) {
    const row = this.#row(uuid)
    if (!row) return
    const hasChanged = attempt(() => this.#set(row, isMember))
    this.release(row)
    if (hasChanged) this.#news.textContent = `${isMember ? "Joined" : "Left"} ${find(row, ".group-name").textContent}`
  }

  /**
   * @param {string} uuid
   * @returns {HTMLElement | null}
   */
  #row(uuid) {
    return this.#list.querySelector(`.group[id="${CSS.escape(uuid)}"]`)
  }

  /**
   * @param {string} selector
   * @returns {NodeListOf<HTMLElement>}
   */
  #rows(selector) {
    return this.#list.querySelectorAll(selector)
  }

  /**
   * @param {HTMLElement} row
   * @param {boolean} isMember
   */
  #set(row, isMember) {
    if ("member" in row.dataset === isMember) return false
    row.toggleAttribute("data-member", isMember)
    this.#swapButtons(row, isMember)
    this.#link(row, isMember)
    this.#count(find(row, ".group-members"), isMember ? 1 : -1)
    return true
  }

  /**
   * @param {HTMLElement} element
   * @param {number} difference
   */
  #count(element, difference) {
    const members = Number(element.dataset.members) + difference
    const { one, many } = this.#list.dataset
    element.dataset.members = String(members)
    element.textContent = `${members} ${members === 1 ? one : many}`
  }

  /**
   * @param {HTMLElement} row
   * @param {boolean} isMember
   */
  #swapButtons(row, isMember) {
    const actions = find(row, ".group-actions")
    row.dataset.focused ??= String(actions.contains(document.activeElement))
    actions.replaceChildren(fill(contentOf(isMember ? "member-actions" : "stranger-actions"), row.id))
  }

  /**
   * @param {HTMLElement} row
   * @param {boolean} isMember
   */
  #link(row, isMember) {
    const name = find(row, ".group-name", HTMLAnchorElement)
    if (isMember) name.href = String(row.dataset.href)
    else name.removeAttribute("href")
  }

  /**
   * Restores the focus if it was lost because the pressed button was replaced or disabled.
   * @param {HTMLElement} row
   */
  #refocus(row) {
    if (row.dataset.focused !== "true" || document.activeElement !== document.body) return
    const strong = row.querySelector(".group-actions .strong") ? ".strong" : "button"
    find(row, `.group-actions ${strong}`).focus()
  }

  /**
   * @param {HTMLElement} row
   * @param {string} message
   */
  #say(row, message) {
    const error = find(row, ".group-error")
    error.textContent = message
    error.hidden = !message
  }
}

/**
 * @param {DocumentFragment} fragment
 * @param {string} uuid
 */
function fill(fragment, uuid) {
  for (const element of fragment.querySelectorAll("*"))
    for (const attribute of element.attributes) attribute.value = attribute.value.replaceAll("{uuid}", uuid)
  return fragment
}
