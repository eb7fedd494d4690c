// Whom an "@" may mean here: members that the page lists, in a larger group also those whom the server finds, and
// everyone, where the user may mention everyone.

import { inOrder } from "../log/members.js"
import { ask } from "../shared/ask.js"
import { fillAvatar } from "../shared/avatar.js"
import { find } from "../shared/dom.js"
import { completing, isSame } from "./matching.js"

const EVERYONE = "everyone"
const SHOWN = 8
const FOUND = 20 // names of a look-up, at most
const PAUSE = 150 // milliseconds without a key before the server is asked
const READ = 200 // rows of the log that tell who wrote last

export class People {
  label = "Members"
  #page
  #user
  #list
  #form
  /** @type {Set<string>} Whom the server found. */
  #found = new Set()
  /** @type {Set<string>} Terms that it was asked for. */
  #asked = new Set()
  /** @type {Set<string>} Those of which it found all. */
  #exhausted = new Set()
  /** @type {number | undefined} */
  #timer

  /** @param {HTMLElement} page The group's. */
  constructor(page) {
    this.#page = page
    this.#user = String(page.dataset.user)
    this.#list = find(page, "#members")
    this.#form = find(page, "#composer")
  }

  /**
   * Whom the beginning of a name may mean: who wrote last first. Nobody where it is a whole name that begins no other.
   * `changed()` is called when the server has found more.
   * @param {string} term
   * @param {() => void} changed
   * @returns {import("./suggestions.js").Suggestion[]}
   */
  suggest(term, changed) {
    this.#lookUp(term, changed)
    const names = completing(this.#names(), term, SHOWN)
    if (names.length === 1 && isSame(names[0], term)) return []
    return names.map(name => this.#suggestion(name))
  }

  get #count() {
    return Number(this.#list.dataset.members)
  }

  get #isWhole() {
    return this.#count <= Number(this.#list.dataset.limit)
  }

  #names() {
    const seen = this.#seenInLog()
    const places = new Map([...seen.here].map((name, place) => [name, place]))
    const names = new Set([...this.#listed(), ...(this.#isWhole ? [] : [...this.#found, ...seen.here])])
    for (const name of [this.#user, ...(this.#isWhole ? [] : seen.gone)]) names.delete(name)
    const placeOf = (/** @type {string} */ name) => places.get(name) ?? READ
    const sorted = [...names].sort((one, other) => placeOf(one) - placeOf(other) || inOrder(one, other))
    return this.#mayMentionEveryone ? [...sorted, EVERYONE] : sorted
  }

  #listed() {
    /** @type {NodeListOf<HTMLElement>} */
    const rows = this.#list.querySelectorAll("[data-name]")
    return [...rows].map(row => String(row.dataset.name))
  }

  /** Who wrote or joined last, the latest first, and who left since. */
  #seenInLog() {
    const here = new Set()
    const gone = new Set()
    /** @type {NodeListOf<HTMLElement>} */
    const rows = this.#page.querySelectorAll("#chat-log [data-seq][data-name]")
    for (const { dataset } of [...rows].slice(-READ).reverse()) {
      if (here.has(dataset.name) || gone.has(dataset.name)) continue
      if (dataset.event === "left") gone.add(dataset.name)
      else here.add(dataset.name)
    }
    return { here, gone }
  }

  /** The same rule as in log/decide.py. */
  get #mayMentionEveryone() {
    const { everyone, role, superuser } = this.#form.dataset
    const isModerator = superuser !== undefined || role === "moderator" || role === "owner"
    return this.#count > 1 && (isModerator || this.#count <= Number(everyone))
  }

  /**
   * @param {string} term
   * @param {() => void} changed
   */
  #lookUp(term, changed) {
    clearTimeout(this.#timer)
    const isKnown = this.#asked.has(term) || [...this.#exhausted].some(each => term.startsWith(each))
    if (this.#isWhole || term === "" || isKnown) return
    this.#timer = setTimeout(() => this.#ask(term, changed), PAUSE)
  }

  /**
   * An answer that comes late only adds to the names that are known.
   * @param {string} term
   * @param {() => void} changed
   */
  async #ask(term, changed) {
    this.#asked.add(term)
    const names = await lookedUp(String(this.#page.dataset.socket), term)
    if (!names) this.#asked.delete(term)
    if (names && names.length < FOUND) this.#exhausted.add(term)
    for (const name of names ?? []) this.#found.add(name)
    if (names) changed()
  }

  /** @param {string} name */
  #suggestion(name) {
    const picture = document.createElement("span")
    picture.className = "avatar"
    if (name === EVERYONE) picture.dataset.initials = "@"
    else fillAvatar(picture, name)
    const note = name === EVERYONE ? `Notifies all ${this.#count.toLocaleString("en")} members` : ""
    return { text: `@${name} `, name, note, picture }
  }
}

/**
 * The names of members that the server finds; undefined if it doesn't answer.
 * @param {string} address Of the group.
 * @param {string} term
 * @returns {Promise<string[] | undefined>}
 */
async function lookedUp(address, term) {
  const answer = await ask(`${address}members/?${new URLSearchParams({ q: term })}`)
  const found = /** @type {{ members?: string[] } | undefined} */ (/** @type {unknown} */ (answer?.objects))
  return answer?.status === 200 ? found?.members : undefined
}
