// What a page says when its connection is over for good.

import { find } from "../shared/dom.js"

/** @type {{ [status: string]: string }} */
const NOTICES = {
  "signed-out": "#session-ended",
  "not-member": "#membership-ended",
  gone: "#group-ended",
  ended: "#connection-ended",
  outdated: "#page-outdated",
}

export class Notices {
  #page

  /** @param {HTMLElement} page */
  constructor(page) {
    this.#page = page
  }

  /** The connection is back. */
  clear() {
    for (const notice of Object.values(NOTICES)) find(this.#page, notice).hidden = true
  }

  /**
   * Says what became of the connection, if that is the end of it.
   * @param {import("./socket.js").Status} status
   * @param {boolean} hasDraft Whether something was written and not sent, which is mentioned.
   */
  show(status, hasDraft) {
    if (!(status in NOTICES)) return
    const notice = find(this.#page, NOTICES[status])
    /** @type {HTMLElement | null} */
    const draft = notice.querySelector(".chat-draft")
    if (draft) draft.hidden = !hasDraft
    notice.hidden = false
  }
}
