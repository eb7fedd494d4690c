// The draft of a message to a group: one in each tab, stored with every key. A duplicated tab has a copy, which follows.

import { keyOf } from "../shared/account.js"
import { pause } from "../shared/pause.js"
import { forget, forgetHere, keep, keepInTab, kept, keptInTab, keysWith, rename } from "../shared/storage.js"

// After an update all tabs load at the same time, and for a moment those that are loading seem to be gone.
const LOADING = 3_000

export class Draft {
  #tab
  #prefix
  #visited

  /**
   * @param {import("../shared/tab.js").Tab} tab
   * @param {string} account
   * @param {string} group
   */
  constructor(tab, account, group) {
    this.#tab = tab
    this.#prefix = keyOf(account, "draft", group, "")
    this.#visited = keyOf(account, "visited", group)
  }

  get text() {
    return kept(this.#key) ?? ""
  }

  set text(text) {
    if (text) keep(this.#key, text)
    else forget(this.#key)
  }

  /** What a tab with a copy of this draft has made of it. */
  get latest() {
    forgetHere(this.#key)
    return this.text
  }

  /**
   * Calls `changed(before)` when a tab with a copy of this draft has changed it.
   * @param {(before?: string) => void} changed
   */
  follow(changed) {
    addEventListener("storage", ({ key, oldValue }) => key === this.#key && changed(oldValue ?? ""))
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
    const others = keysWith(this.#prefix).map(key => key.slice(this.#prefix.length))
    if (others.length === 0 || this.text) return false
    if (!isNew && isRestored()) return false
    if (!isNew) await pause(LOADING)
    const latest = (await this.#tab.gone(others)).at(-1)
    if (!latest || !isWanted()) return false
    rename(this.#prefix + latest, this.#key)
    return true
  }

  /** Whether this tab shows the group for the first time. */
  #isNew() {
    return keptInTab(this.#visited) === null && keepInTab(this.#visited, "")
  }

  get #key() {
    return this.#prefix + this.#tab.id
  }
}

// A browser that was restarted restores its tabs one by one: those that are missing aren't gone.
function isRestored() {
  const [load] = performance.getEntriesByType("navigation")
  return load instanceof PerformanceNavigationTiming && load.type === "back_forward"
}
