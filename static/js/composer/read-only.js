// Whether the user may write messages, and the notice in the place of the field that says why not.

/** @typedef {{ isArchived: boolean, posting: string, isModerator: boolean }} Rights */

/** @type {{ [reason: string]: string }} */
const NOTICES = { archived: "#archived", ended: "#conversation-ended", moderators: "#announcements" }

export class ReadOnly {
  #page
  #form
  #user
  /** @type {Rights} */
  #rights

  /**
   * @param {HTMLElement} page
   * @param {HTMLElement} form It has what the user's right depends on.
   * @param {string} user
   */
  constructor(page, form, user) {
    this.#page = page
    this.#form = form
    this.#user = user
    const { archived, posting = "everyone", role } = form.dataset
    this.#rights = { isArchived: archived !== undefined, posting, isModerator: this.#isModerator(role) }
  }

  /** @param {import("../connection/protocol.js").GroupChanged} change */
  follow({ change, target_user, value = "" }) {
    const isOwn = target_user === this.#user
    if (change === "archived" || change === "unarchived") this.#rights.isArchived = change === "archived"
    if (change === "settings" && value.startsWith("posting=")) this.#rights.posting = value.slice("posting=".length)
    if (change === "role" && isOwn) this.#changeRole(value)
    if (change === "handed_over" && isOwn) this.#changeRole("owner")
    this.#show()
  }

  /** Somebody's account was closed. */
  end() {
    this.#rights.posting = "nobody"
    this.#show()
  }

  /** @param {string} role */
  #changeRole(role) {
    this.#form.dataset.role = role
    this.#rights.isModerator = this.#isModerator(role)
  }

  /** @param {string | undefined} role A superuser has the rights of an owner, whatever their role. */
  #isModerator(role) {
    return "superuser" in this.#form.dataset || role === "moderator" || role === "owner"
  }

  // What was written stays in the hidden field.
  #show() {
    const reason = whyReadOnly(this.#rights)
    this.#form.classList.toggle("read-only", reason !== null)
    for (const [each, notice] of Object.entries(NOTICES)) this.#hide(notice, each !== reason)
    this.#hide("#welcome-write", reason !== null)
  }

  /**
   * @param {string} selector Of something that not every page has.
   * @param {boolean} isHidden
   */
  #hide(selector, isHidden) {
    /** @type {HTMLElement | null} */
    const element = this.#page.querySelector(selector)
    if (element) element.hidden = isHidden
  }
}

/**
 * Why a user with these rights can write no messages, if they can't: the same rule as `_read_only` in pages/group.py.
 * @param {Rights} rights
 */
export function whyReadOnly({ isArchived, posting, isModerator }) {
  if (isArchived) return "archived"
  if (posting === "nobody") return "ended"
  return posting === "moderators" && !isModerator ? "moderators" : null
}
