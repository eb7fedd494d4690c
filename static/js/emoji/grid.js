// The picker's cells, in rows of as many as there is room for.

/** @typedef {import("./data.js").Emoji} Emoji */
/** @typedef {{ character: string, emoji?: Emoji }} Choice What a cell shows; `emoji` tells what that is called. */

/** @type {WeakMap<Element, Choice>} */
const choices = new WeakMap()

/**
 * What is chosen with this cell.
 * @param {Element} cell
 */
export function choiceOf(cell) {
  return choices.get(cell)
}

/**
 * @param {string} name
 * @param {Record<string, string>} attributes
 * @param {(string | Node)[]} content
 */
export function element(name, attributes, ...content) {
  const made = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value)
  made.append(...content)
  return made
}

/**
 * @param {Choice[]} shown
 * @param {number} columns
 */
export function rowsOf(shown, columns) {
  const starts = Array.from({ length: Math.ceil(shown.length / columns) }, (_, row) => row * columns)
  return starts.map(start => element("div", { role: "row" }, ...shown.slice(start, start + columns).map(cellOf)))
}

/** @param {Choice} choice */
function cellOf(choice) {
  const { character, emoji } = choice
  const attributes = { type: "button", role: "gridcell", tabindex: "-1", "aria-label": emoji?.name ?? character }
  const cell = element("button", attributes, character)
  choices.set(cell, choice)
  return cell
}

/** A group with its heading. Its rows come with `fill`; until then it is as high as they will be. */
export class Group {
  name
  element
  #grid
  #columns
  #choices

  /**
   * @param {string} name
   * @param {string} id
   * @param {number} columns
   * @param {() => Choice[]} choices
   */
  constructor(name, id, columns, choices) {
    this.name = name
    this.#columns = columns
    this.#choices = choices
    this.#grid = element("div", { role: "grid", "aria-labelledby": id })
    this.element = element("div", { class: "emoji-picker-group" }, element("h2", { id }, name), this.#grid)
  }

  /** @param {number} count Of its emoji. */
  reserve(count) {
    this.element.style.setProperty("--rows", String(Math.ceil(count / this.#columns)))
  }

  fill() {
    if (!this.#grid.firstChild) this.#grid.append(...rowsOf(this.#choices(), this.#columns))
  }

  /** Has `fill` create the rows again. */
  empty() {
    this.#grid.replaceChildren()
  }

  get firstCell() {
    return /** @type {HTMLElement | null} */ (this.#grid.querySelector("[role=gridcell]"))
  }
}
