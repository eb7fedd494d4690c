// The user's groups beside the log.

import { attempt } from "../shared/attempt.js"
import { find } from "../shared/dom.js"
import { filterLists } from "./filter.js"
import { facesOf, rowFor } from "./rows.js"

export class Sidebar {
  #list
  #user

  /**
   * @param {HTMLElement} list
   * @param {string} user
   */
  constructor(list, user) {
    this.#list = list
    this.#user = user
    attempt(filterLists)
  }

  /**
   * One of the user's groups is new, has changed, or is theirs no more.
   * @param {import("../connection/protocol.js").Group | import("../connection/protocol.js").GroupGone} object
   */
  follow(object) {
    if (object.type === "group" && !object.archived) this.#changed(object)
    else this.#row(object.group_uuid)?.remove()
    find(document, "#no-own-groups").hidden = this.#list.childElementCount > 0
  }

  /** @param {import("../connection/protocol.js").Group} group */
  #changed(group) {
    const row = this.#row(group.group_uuid) ?? this.#added(group)
    const name = find(row, ".panel-name")
    if (name.textContent === group.name) return
    name.textContent = group.name
    row.querySelector(".faces")?.remove()
    if (group.access === "direct") name.before(facesOf(group.name, this.#user))
  }

  /**
   * @param {string} uuid
   * @returns {HTMLElement | null}
   */
  #row(uuid) {
    return this.#list.querySelector(`li[data-group="${CSS.escape(uuid)}"]`)
  }

  /**
   * A new row, above those of its kind: direct groups stand before others.
   * @param {import("../connection/protocol.js").Group} group
   */
  #added({ group_uuid, access }) {
    const row = rowFor("sidebar-template", group_uuid)
    row.toggleAttribute("data-direct", access === "direct")
    const after = access === "direct" ? this.#list.firstElementChild : this.#list.querySelector("li:not([data-direct])")
    this.#list.insertBefore(row, after)
    return row
  }
}
