// The draft of a message to a group, and which message it answers: one in each tab, stored with every key. A duplicated tab
// has a copy, which follows.

import { keyOf } from "../shared/account.js"
import { pause } from "../shared/pause.js"
import { forget, forgetHere, keep, keepInTab, kept, keptInTab, keysWith, rename } from "../shared/storage.js"

// After an update all tabs load at the same time, and for a moment those that are loading seem to be gone.
const LOADING = 3_000

export class Draft {
  #tab
  #prefix
  #targets
  #visited

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
    this.#visited = keyOf(account, "visited", group)
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

  /**
   * Takes over the draft of a tab that is gone. Returns false if there is none, or if it isn't wanted by then.
   * @param {() => boolean} isWanted
   */
  async adopt(isWanted) {
    const isNew = this.#isNew()
    const others = [this.#prefix, this.#targets].flatMap(idsAfter)
    if (others.length === 0 || this.text) return false
    if (!isNew && isRestored()) return false
    if (!isNew) await pause(LOADING)
    const gone = await this.#tab.gone(others)
    const latest = gone.filter(id => kept(this.#prefix + id)).at(-1)
    // Of replies that nobody began to write.
    for (const id of gone) if (!kept(this.#prefix + id)) forget(this.#targets + id)
    if (!latest || !isWanted()) return false
    rename(this.#prefix + latest, this.#key)
    rename(this.#targets + latest, this.#targetKey)
    return true
  }

  /** Whether this tab shows the group for the first time. */
  #isNew() {
    return keptInTab(this.#visited) === null && keepInTab(this.#visited, "")
  }

  get #key() {
    return this.#prefix + this.#tab.id
  }

  get #targetKey() {
    return this.#targets + this.#tab.id
  }
}

/**
 * Of the tabs that have stored something under such a key.
 * @param {string} prefix
 */
function idsAfter(prefix) {
  return keysWith(prefix).map(key => key.slice(prefix.length))
}

// A browser that was restarted restores its tabs one by one: those that are missing aren't gone.
function isRestored() {
  const [load] = performance.getEntriesByType("navigation")
  return load instanceof PerformanceNavigationTiming && load.type === "back_forward"
}
