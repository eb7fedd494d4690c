// The skin tone that an account has chosen in this browser, for all emoji that have tones.

import { keyOf } from "../shared/account.js"
import { keep, kept } from "../shared/storage.js"
import { SKIN_TONES } from "./data.js"

/** Their names, in the order of Unicode. The first is none. */
export const TONE_NAMES = ["No skin tone", "Light", "Medium light", "Medium", "Medium dark", "Dark"]

/**
 * A place in TONE_NAMES.
 * @param {string} account
 */
export function toneOf(account) {
  const tone = Number(kept(keyOf(account, "skin-tone")))
  return TONE_NAMES[tone] ? tone : 0
}

/**
 * @param {string} account
 * @param {number} tone
 */
export function setTone(account, tone) {
  keep(keyOf(account, "skin-tone"), String(tone))
}

/**
 * The emoji with this skin tone; if it shows several people, each has it.
 * @param {import("./data.js").Emoji} emoji
 * @param {number} tone
 */
export function withTone(emoji, tone) {
  const modifier = SKIN_TONES[tone - 1]
  return emoji.tones.find(each => modifier && isOnly(each, modifier)) ?? emoji.emoji
}

/**
 * Whether it has this skin tone and no other.
 * @param {string} emoji
 * @param {string} modifier
 */
function isOnly(emoji, modifier) {
  return SKIN_TONES.every(each => emoji.includes(each) === (each === modifier))
}
