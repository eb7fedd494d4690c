// What a live change of the group changes on its page, besides the row that says so.

import { find } from "../shared/dom.js"
import { followRank } from "./ranks.js"

/** @typedef {import("../connection/protocol.js").GroupChanged} GroupChanged */

// Whose labels end with the group's name.
const LABELLED = ".bar [aria-label], .scroller, #chat-log, #chat-message-input"

export class GroupChanges {
  #page
  #user
  #readOnly
  #renamed
  #outdated

  /**
   * @param {HTMLElement} page
   * @param {string} user
   * @param {import("../composer/read-only.js").ReadOnly} readOnly
   * @param {(before: string, name: string) => void} renamed
   * @param {() => void} outdated The page has to be loaded again, when that disturbs nobody.
   */
  constructor(page, user, readOnly, renamed, outdated) {
    this.#page = page
    this.#user = user
    this.#readOnly = readOnly
    this.#renamed = renamed
    this.#outdated = outdated
  }

  /** @param {GroupChanged} change */
  follow(change) {
    if (change.change === "renamed") this.#rename(change.value ?? "")
    if (change.change === "described") this.#describe(change.value ?? "")
    if (change.change === "opened" || change.change === "closed") this.#close(change.change === "closed")
    if (losesMore(change, this.#user)) this.#askBeforeLeaving()
    followRank(this.#page, this.#user, change)
    this.#readOnly.follow(change)
    this.#offerJoin()
    if (change.change === "archived" || change.change === "unarchived")
      allowReactions(this.#page, change.change === "unarchived")
    if (changesPage(change, this.#user)) this.#outdated()
  }

  /** Nobody can write any more: somebody's account was closed, which has no entry. */
  end() {
    this.#readOnly.end()
    allowReactions(this.#page, false)
  }

  /** @param {string} name */
  #rename(name) {
    const heading = find(this.#page, "#group-name")
    const before = heading.textContent ?? ""
    this.#renamed(before, name)
    heading.textContent = name
    for (const each of this.#page.querySelectorAll(LABELLED)) {
      for (const label of ["aria-label", "placeholder"]) {
        const text = each.getAttribute(label)
        if (text) each.setAttribute(label, relabelled(text, before, name))
      }
    }
    const label = find(this.#page, "label[for=chat-message-input]")
    label.textContent = relabelled(label.textContent ?? "", before, name)
    const welcomed = this.#page.querySelector("#welcome-name")
    if (welcomed) welcomed.textContent = name
    const joined = this.#page.querySelector("#rejoin bdi")
    if (joined) joined.textContent = name
  }

  /** @param {string} description */
  #describe(description) {
    const shown = find(this.#page, "#description")
    shown.textContent = description
    shown.title = description
    shown.hidden = !description
  }

  /** @param {boolean} isClosed */
  #close(isClosed) {
    find(this.#page, "#closed").hidden = !isClosed
  }

  /** The button leads to the page that asks. */
  #askBeforeLeaving() {
    const form = this.#page.querySelector(".bar form[action$='/leave/']")
    if (!(form instanceof HTMLFormElement)) return
    form.method = "get"
    for (const field of form.querySelectorAll("input")) field.remove()
  }

  // For members who are removed later. A page that was loaded when nobody could join has no button.
  #offerJoin() {
    /** @type {HTMLElement | null} */
    const button = this.#page.querySelector("#rejoin")
    if (!button) return
    button.hidden = ["#closed", "#archived"].some(label => !find(this.#page, label).hidden)
  }
}

/**
 * Makes chips what the server renders, and those that will be inserted.
 * @param {HTMLElement} page
 * @param {boolean} isAllowed
 */
function allowReactions(page, isAllowed) {
  const template = find(document, "#reaction-template", HTMLTemplateElement)
  const attributes = Object.entries({ type: "button", "aria-disabled": "true" })
  for (const root of [page, template.content]) {
    for (const chip of root.querySelectorAll(".reaction")) {
      for (const [name, value] of attributes) isAllowed ? chip.removeAttribute(name) : chip.setAttribute(name, value)
    }
  }
}

/**
 * A label that ends with the group's name, with its new one.
 * @param {string} label
 * @param {string} before
 * @param {string} name
 */
export function relabelled(label, before, name) {
  return label.endsWith(` ${before}`) ? label.slice(0, label.length - before.length) + name : label
}

/**
 * Whether leaving loses more from now on than the group: discussit/pages/leaving.py has the rule.
 * @param {GroupChanged} change
 * @param {string} user
 */
function losesMore({ change, target_user, value }, user) {
  if (change === "closed" || change === "archived") return true
  const isRaised = change === "handed_over" || (change === "role" && value !== "member")
  return isRaised && target_user === user
}

/**
 * Whether the page has other parts for this user since the change: others may write, or the user may do more or less.
 * @param {GroupChanged} change
 * @param {string} user
 */
export function changesPage({ change, target_user, value = "" }, user) {
  if (change === "settings") return value.startsWith("posting=")
  if (change === "role" || change === "handed_over") return target_user === user
  return ["opened", "closed", "archived", "unarchived"].includes(change)
}
