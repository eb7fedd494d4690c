// This tab, across reloads and the site's pages, and which other tabs are gone.
//
// A tab's id is in its sessionStorage. While one of these pages is open in it, it holds a lock of that name, so a tab whose
// lock nobody holds is gone. Browsers have no locks on plain http: there all tabs are asked, and those that don't
// answer count as gone, even if they are only frozen. A duplicated tab has the same id.

import { newId } from "./ids.js"
import { pause } from "./pause.js"
import { keepInTab, keptInTab } from "./storage.js"

const KEY = "discussit:tab"
const ANSWER_WITHIN = 500

export class Tab {
  #id
  #channel = navigator.locks || !globalThis.BroadcastChannel ? null : new BroadcastChannel(KEY)

  constructor() {
    this.#id = keptInTab(KEY) ?? newTabId()
    this.#enter()
    this.#channel?.addEventListener("message", ({ data }) => this.#answer(data))
  }

  get id() {
    return this.#id
  }

  /** Takes another id, and leaves this one to the tabs that share it. */
  part() {
    this.#id = newTabId()
    this.#enter()
  }

  /**
   * Which of these ids are of tabs that are gone.
   * @param {string[]} ids
   */
  async gone(ids) {
    // Where other tabs can't be asked, none counts as gone.
    if (!navigator.locks && !this.#channel) return []
    const open = await (this.#channel ? answering(this.#channel) : locked())
    return ids.filter(id => id !== this.#id && !open.has(id))
  }

  #enter() {
    keepInTab(KEY, this.#id)
    navigator.locks?.request(lockOf(this.#id), () => new Promise(() => {})).catch(() => {})
  }

  /** @param {{ asks?: boolean }} message */
  #answer({ asks }) {
    if (asks) this.#channel?.postMessage({ here: this.#id })
  }
}

/**
 * The ids of the tabs that answer.
 * @param {BroadcastChannel} channel
 */
async function answering(channel) {
  const ids = new Set()
  channel.addEventListener("message", ({ data }) => ids.add(data.here))
  channel.postMessage({ asks: true })
  await pause(ANSWER_WITHIN)
  return ids
}

/** The ids of the tabs that hold their lock, or will when a tab of the same id is closed. */
async function locked() {
  const { held = [], pending = [] } = await navigator.locks.query()
  return new Set([...held, ...pending].map(({ name }) => name?.slice(lockOf("").length)))
}

// Ids of later tabs sort after those of earlier ones.
function newTabId() {
  return `${String(Date.now()).padStart(15, "0")}-${newId()}`
}

/** @param {string} id */
function lockOf(id) {
  return `${KEY}:${id}`
}
