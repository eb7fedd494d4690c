// The keyboard in a menu: arrows, Home and End, and the letter that an item begins with.

/**
 * The item to which a key leads; undefined if it leads nowhere.
 * @param {string} key
 * @param {HTMLElement} focused
 * @param {HTMLElement[]} items
 * @param {HTMLElement[]} line The first of them, if they are side by side.
 * @returns {HTMLElement | undefined}
 */
export function itemFor(key, focused, items, line) {
  const goals = { ...along(line, focused), ...alongMenu(items, line, focused) }
  return goals[key] ?? beginningWith(key, items, items.indexOf(focused) + 1)
}

/**
 * @param {HTMLElement[]} line
 * @param {HTMLElement} focused
 * @returns {{ [key: string]: HTMLElement | undefined }}
 */
function along(line, focused) {
  const place = line.indexOf(focused)
  return place < 0 ? {} : { ArrowLeft: line[Math.max(place - 1, 0)], ArrowRight: line[place + 1] ?? focused }
}

/**
 * Up and down, the line is one step.
 * @param {HTMLElement[]} items
 * @param {HTMLElement[]} line
 * @param {HTMLElement} focused
 * @returns {{ [key: string]: HTMLElement | undefined }}
 */
function alongMenu(items, line, focused) {
  const stops = [...line.slice(0, 1), ...items.slice(line.length)]
  const stop = stops.indexOf(line.includes(focused) ? line[0] : focused)
  return {
    Home: items[0],
    End: items.at(-1),
    ArrowUp: stops.at(Math.max(stop, 0) - 1),
    ArrowDown: stops[(stop + 1) % stops.length],
  }
}

/**
 * @param {string} key
 * @param {HTMLElement[]} items
 * @param {number} from Where to begin to look.
 */
function beginningWith(key, items, from) {
  if ([...key].length > 1 || key === " ") return undefined
  const begins = (/** @type {HTMLElement} */ { textContent }) => textContent?.trim().toLowerCase().startsWith(key)
  return [...items.slice(from), ...items.slice(0, from)].find(begins)
}
