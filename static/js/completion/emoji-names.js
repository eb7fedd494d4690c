// Which emoji a ":" and the beginning of a name may mean. They are loaded when the first one is typed.

import { report } from "../shared/attempt.js"

const SHOWN = 8

/** @typedef {import("../emoji/data.js").Emoji} Emoji */
/** @typedef {import("./known-emoji.js").KnownEmoji} KnownEmoji */

export class EmojiNames {
  label = "Emoji"
  #account
  /** @type {KnownEmoji | undefined} */
  #emoji
  /** @type {Promise<void> | undefined} */
  #loading

  /** @param {string} account */
  constructor(account) {
    this.#account = account
  }

  /**
   * `changed()` is called once they are loaded.
   * @param {string} term
   * @param {() => void} changed
   * @returns {import("./suggestions.js").Suggestion[]}
   */
  suggest(term, changed) {
    if (!this.#emoji) this.#load(changed)
    const emoji = this.#emoji
    return emoji?.search(term, SHOWN).map(each => suggestion(each, emoji.toned(each), term)) ?? []
  }

  /** @param {string} emoji */
  chosen(emoji) {
    this.#emoji?.noteUsed(emoji)
  }

  /** @param {() => void} changed */
  #load(changed) {
    this.#loading ??= loaded(this.#account)
      .then(emoji => {
        this.#emoji = emoji
      })
      .catch(report)
      .finally(() => {
        this.#loading = undefined
      })
    this.#loading.then(() => this.#emoji && changed())
  }
}

/** @param {string} account */
async function loaded(account) {
  const { KnownEmoji } = await import("./known-emoji.js")
  return KnownEmoji.load(account)
}

/**
 * @param {Emoji} emoji
 * @param {string} text It, in the user's skin tone.
 * @param {string} term
 */
function suggestion({ name, aliases }, text, term) {
  const picture = document.createElement("span")
  picture.className = "suggestions-emoji"
  picture.textContent = text
  const alias = aliases.find(each => each.startsWith(term)) ?? aliases[0]
  return { text, name, note: alias ? `:${alias}:` : "", picture }
}
