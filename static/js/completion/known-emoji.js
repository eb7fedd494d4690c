// The emoji, as far as they complete what is typed: a script of its own, loaded with them on first use.

import { loadEmoji } from "../emoji/data.js"
import { noteUsed } from "../emoji/recent.js"
import { search } from "../emoji/search.js"
import { toneOf, withTone } from "../emoji/tones.js"

export class KnownEmoji {
  #data
  #account

  /**
   * @param {import("../emoji/data.js").EmojiData} data
   * @param {string} account
   */
  constructor(data, account) {
    this.#data = data
    this.#account = account
  }

  /**
   * Rejects if they can't be loaded.
   * @param {string} account
   */
  static async load(account) {
    return new KnownEmoji(await loadEmoji(), account)
  }

  /**
   * @param {string} term
   * @param {number} limit
   */
  search(term, limit) {
    return search(this.#data, term, limit)
  }

  /**
   * In the account's skin tone.
   * @param {import("../emoji/data.js").Emoji} emoji
   */
  toned(emoji) {
    return withTone(emoji, toneOf(this.#account))
  }

  /** @param {string} emoji */
  noteUsed(emoji) {
    noteUsed(this.#account, emoji)
  }
}
