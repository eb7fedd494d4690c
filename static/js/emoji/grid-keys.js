// Arrow keys among the picker's cells, of which one is a Tab stop, and among the buttons of a toolbar.

export class GridKeys {
  #scroller
  /** @type {HTMLElement | null} */
  #stop = null

  /** @param {HTMLElement} scroller Around all cells. */
  constructor(scroller) {
    this.#scroller = scroller
    scroller.addEventListener("focusin", ({ target }) => target instanceof HTMLElement && this.#stopAt(target))
  }

  /**
   * Has Tab lead to this cell, or to the first that is shown.
   * @param {HTMLElement | null} [cell]
   */
  reset(cell) {
    this.#stopAt(cell ?? this.#rows[0]?.[0])
  }

  /** Focuses the cell that Tab leads to. Returns false if there is none. */
  enter() {
    this.#stop?.focus()
    return this.#stop !== null
  }

  /**
   * Moves the focus from the focused cell. Returns false if the key has no meaning there, or leads out at the top.
   * @param {KeyboardEvent} event
   */
  follow(event) {
    const focused = /** @type {HTMLElement} */ (document.activeElement)
    const rows = this.#rows
    const row = rows.findIndex(cells => cells.includes(focused))
    const goal = row < 0 ? undefined : this.#goal(event, rows, row, focused)
    goal?.focus({ preventScroll: true })
    goal?.scrollIntoView({ block: "nearest" })
    return goal !== undefined
  }

  /**
   * @param {KeyboardEvent} event
   * @param {HTMLElement[][]} rows
   * @param {number} row
   * @param {HTMLElement} focused
   * @returns {HTMLElement | undefined}
   */
  #goal({ key, ctrlKey, metaKey }, rows, row, focused) {
    const all = rows.flat()
    const place = all.indexOf(focused)
    const isFar = ctrlKey || metaKey
    if (key === "ArrowLeft") return all[place - 1]
    if (key === "ArrowRight") return all[place + 1] ?? all[place]
    if (key === "Home") return isFar ? all[0] : rows[row]?.[0]
    if (key === "End") return isFar ? all.at(-1) : rows[row]?.at(-1)
    const distance = this.#distance(key)
    if (!distance || (row === 0 && key === "ArrowUp")) return undefined
    const cells = rows[Math.max(0, Math.min(row + distance, rows.length - 1))]
    return cells?.[Math.min(rows[row]?.indexOf(focused) ?? 0, cells.length - 1)]
  }

  /** @param {string} key */
  #distance(key) {
    if (key === "ArrowUp") return -1
    if (key === "ArrowDown") return 1
    const page = Math.max(1, Math.floor(this.#scroller.clientHeight / (this.#stop?.offsetHeight || 1)) - 1)
    if (key === "PageUp") return -page
    return key === "PageDown" ? page : 0
  }

  /** The cells that are shown. */
  get #rows() {
    const rows = this.#scroller.querySelectorAll("[role=row]:not([hidden] *)")
    return [...rows].map(row => /** @type {HTMLElement[]} */ ([...row.children]))
  }

  /** @param {HTMLElement | undefined} cell */
  #stopAt(cell) {
    if (this.#stop) this.#stop.tabIndex = -1
    this.#stop = cell ?? null
    if (this.#stop) this.#stop.tabIndex = 0
  }
}

/**
 * Makes a toolbar one Tab stop, among whose buttons arrow keys move.
 * @param {HTMLElement} toolbar
 */
export function moveWithin(toolbar) {
  toolbar.addEventListener("keydown", event => {
    const buttons = /** @type {HTMLElement[]} */ ([...toolbar.children])
    const place = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement))
    const goal = goalOf(event.key, buttons, place)
    if (!goal) return
    event.preventDefault()
    for (const button of buttons) button.tabIndex = button === goal ? 0 : -1
    goal.focus()
  })
}

/**
 * @param {string} key
 * @param {HTMLElement[]} buttons
 * @param {number} place
 */
function goalOf(key, buttons, place) {
  if (key === "ArrowLeft") return buttons.at(place - 1)
  if (key === "ArrowRight") return buttons[(place + 1) % buttons.length]
  if (key === "Home") return buttons[0]
  return key === "End" ? buttons.at(-1) : undefined
}
