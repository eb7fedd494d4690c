// The draft of a message to a group, and which message it answers: one in each tab, stored with every key. A duplicated tab
// has a copy, which follows.

import { keyOf } from "../shared/account.js"
import { forget, forgetHere, keep, kept } from "../shared/storage.js"

export class Draft {
  #tab
  #prefix
  #targets

  /**
   * @param {import("../shared/tab.js").Tab} tab
   * @param {string} account
   * @param {string} group
   */
  constructor(tab, account, group) {
    this.#tab = tab
    this.#prefix = keyOf(account, "draft", group, "")
    // Beside the texts: scripts of the previous version take whatever begins like those for a text.
    this.#targets = keyOf(account, "draft-reply", group, "")
  }

  get text() {
    return kept(this.#key) ?? ""
  }

  set text(text) {
    if (text) keep(this.#key, text)
    else forget(this.#key)
  }

  /**
   * The seq of the message that it answers, if any.
   * @returns {number | undefined}
   */
  get target() {
    return Number(kept(this.#targetKey)) || undefined
  }

  set target(seq) {
    if (seq === this.target) return
    if (seq) keep(this.#targetKey, String(seq))
    else forget(this.#targetKey)
  }

  /** What a tab with a copy of this draft has made of it. */
  get latest() {
    for (const key of [this.#key, this.#targetKey]) forgetHere(key)
    return this.text
  }

  /**
   * Calls `changed(before)` when a tab with a copy of this draft has changed it.
   * @param {(before?: string) => void} changed
   */
  follow(changed) {
    addEventListener("storage", ({ key, oldValue }) => {
      if (key === this.#key) changed(oldValue ?? "")
      if (key === this.#targetKey) changed()
    })
    // A page that comes back from the browser's cache has missed what happened.
    addEventListener("pageshow", ({ persisted }) => persisted && changed())
  }

  /** From now on this is another draft than its copies. */
  fork() {
    this.#tab.part()
  }

  get #key() {
    return this.#prefix + this.#tab.id
  }

  get #targetKey() {
    return this.#targets + this.#tab.id
  }
}
