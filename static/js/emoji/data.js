// The emoji that there are, which scripts/emoji writes: loaded when they are first needed, once a page.

/**
 * @typedef {object} Emoji
 * @property {string} emoji The character, fully qualified and without a skin tone.
 * @property {string} name
 * @property {string[]} aliases
 * @property {string[]} tones The same with each skin tone or combination of them; most have none.
 * @property {string} tags Other words to find it by.
 */

/** @typedef {[emoji: string, name: string, aliases: string, tags?: string, tones?: string | 1]} Row */
/** @typedef {{ name: string, emoji: Emoji[] }} EmojiGroup In the order of Unicode's charts, as the groups are. */
/** @typedef {{ groups: EmojiGroup[], byCharacter: Map<string, Emoji> }} EmojiData By the character without a tone. */

export const SKIN_TONES = ["🏻", "🏼", "🏽", "🏾", "🏿"]
const VARIATION = "\ufe0f"

/** @type {Promise<EmojiData> | undefined} */
let loading

/**
 * The emoji. Rejects if they can't be loaded; the next call tries again.
 * @returns {Promise<EmojiData>}
 */
export function loadEmoji() {
  loading ??= load().catch(error => {
    loading = undefined
    throw error
  })
  return loading
}

async function load() {
  /** @type {HTMLElement | null} */
  const page = document.querySelector("#group")
  const answer = await fetch(page?.dataset.emoji ?? "")
  if (!answer.ok) throw new Error(`the emoji could not be loaded: ${answer.status}`)
  return parsed(await answer.json())
}

/**
 * @param {{ groups: Record<string, Row[]> }} file
 * @returns {EmojiData}
 */
export function parsed(file) {
  const groups = Object.entries(file.groups).map(([name, rows]) => ({ name, emoji: rows.map(toEmoji) }))
  const all = groups.flatMap(({ emoji }) => emoji)
  return { groups, byCharacter: new Map(all.map(each => [each.emoji, each])) }
}

/**
 * The emoji that a character is, with or without a skin tone.
 * @param {EmojiData} data
 * @param {string} character
 */
export function named(data, character) {
  const own = data.byCharacter.get(character)
  return own ?? [...data.byCharacter.values()].find(({ tones }) => tones.includes(character))
}

/**
 * @param {Row} row
 * @returns {Emoji}
 */
function toEmoji([emoji, name, aliases, tags = "", tones = ""]) {
  return { emoji, name, aliases: aliases.split(" "), tones: tones === 1 ? withTones(emoji) : listed(tones), tags }
}

/** @param {string} emoji */
function withTones(emoji) {
  const [first = ""] = emoji
  const rest = emoji.slice(first.length)
  return SKIN_TONES.map(tone => first + tone + (rest.startsWith(VARIATION) ? rest.slice(1) : rest))
}

/** @param {string} texts */
function listed(texts) {
  return texts ? texts.split(" ") : []
}
