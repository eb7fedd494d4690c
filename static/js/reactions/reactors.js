// Who reacted: a popover beside a reaction that the pointer or the focus is on, or that a finger holds. One for all.

import { emojiOf } from "../log/reactions.js"
import { ask } from "../shared/ask.js"
import { around } from "../shared/dom.js"
import { isComposing } from "../shared/typing.js"
import { reactorWords } from "./reactor-words.js"

const REST = 300 // milliseconds that the pointer rests on a reaction before the popover comes
const GRACE = 200 // in which it may move from the one to the other
const HOLD = 400 // that a finger holds a reaction
const GAP = 6 // pixels
const FRESH = 60_000 // milliseconds; what changes meanwhile without changing a count is not noticed
const UNKNOWN = "Names can't be loaded right now."

/** @typedef {{ emoji: string, count: number, users: string[] }} Reaction */
/** @typedef {{ counts: string, at: number, reactions: Promise<Reaction[] | null> }} Asked */

export class Reactors {
  #user
  #address
  #list
  #popover
  /** @type {HTMLElement | null} The reaction that it belongs to. */
  #chip = null
  /** @type {ReturnType<typeof setTimeout> | undefined} Of what is about to be shown or hidden. */
  #timer
  /** Whether the press that ends now was long enough to show it, and is to do nothing else. */
  #isHeld = false
  /** @type {WeakMap<HTMLElement, Asked>} By message. */
  #asked = new WeakMap()

  /** @param {import("../pages/group-later.js").Context} context */
  constructor({ list, user, address }) {
    this.#user = user
    this.#address = address
    this.#list = list
    this.#popover = createPopover()
    // In older browsers the message's own page names them.
    if (!("popover" in HTMLElement.prototype)) return
    const frame = list.closest(".scroller-frame") ?? list
    frame.append(this.#popover)
    this.#followPointer(list)
    this.#followPointer(this.#popover)
    this.#followTouch()
    list.addEventListener("focusin", event => chipAt(event)?.matches(":focus-visible") && this.#show(chipAt(event)))
    list.addEventListener("focusout", event => chipAt(event) === this.#chip && this.#hide())
    list.addEventListener("rows", () => this.#update())
    new MutationObserver(() => this.#update()).observe(list, { childList: true, subtree: true })
    addEventListener("scroll", () => this.#update(), { capture: true, passive: true })
    addEventListener("keydown", event => this.#dismiss(event), true)
  }

  /** @param {HTMLElement} element The log or the popover. */
  #followPointer(element) {
    element.addEventListener("pointerover", event => {
      if (event.pointerType === "touch") return
      const chip = element === this.#popover ? this.#chip : chipAt(event)
      if (chip) this.#soon(() => this.#show(chip), chip === this.#chip ? 0 : REST)
    })
    element.addEventListener("pointerout", event => {
      if (event.pointerType !== "touch" && !isWithin(event)) this.#soon(() => this.#leave(), GRACE)
    })
  }

  // A tap reacts; holding a reaction shows who did.
  #followTouch() {
    this.#list.addEventListener("pointerdown", event => {
      this.#isHeld = false
      const chip = event.pointerType === "touch" ? chipAt(event) : null
      if (!chip) return
      this.#soon(() => {
        this.#isHeld = true
        this.#show(chip)
      }, HOLD)
    })
    for (const end of ["pointerup", "pointercancel"])
      this.#list.addEventListener(end, () => this.#isHeld || clearTimeout(this.#timer))
    this.#list.addEventListener("click", event => this.#keepFromReacting(event), true)
    this.#list.addEventListener("contextmenu", event => this.#isHeld && chipAt(event) && event.preventDefault())
    addEventListener("pointerdown", event => event.pointerType === "touch" && !this.#isAt(event) && this.#hide(), true)
  }

  /** @param {Event} event */
  #keepFromReacting(event) {
    if (!this.#isHeld || !chipAt(event)) return
    this.#isHeld = false
    event.preventDefault()
    event.stopPropagation()
  }

  /** @param {Event} event */
  #isAt({ target }) {
    return target instanceof Node && (this.#popover.contains(target) || this.#chip?.contains(target) === true)
  }

  /**
   * @param {() => void} act
   * @param {number} wait
   */
  #soon(act, wait) {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(act, wait)
  }

  /** The pointer has gone; what has the focus keeps the popover. */
  #leave() {
    if (this.#chip !== document.activeElement || !this.#chip?.matches(":focus-visible")) this.#hide()
  }

  /** @param {HTMLElement | null} chip */
  async #show(chip) {
    clearTimeout(this.#timer)
    if (!chip?.isConnected || chip === this.#chip) return
    this.#hide()
    this.#chip = chip
    await this.#fill(chip)
  }

  /** @param {HTMLElement} chip */
  async #fill(chip) {
    const reactions = await this.#reactionsOf(chip)
    if (chip !== this.#chip || !chip.isConnected) return
    const found = reactions?.find(each => each.emoji === emojiOf(chip))
    const isOwn = chip.getAttribute("aria-pressed") === "true"
    const shown = found && { ...found, count: countIn(chip) }
    this.#popover.replaceChildren(...(shown ? reactorWords(shown, this.#user, isOwn).map(nodeOf) : [UNKNOWN]))
    chip.setAttribute("aria-describedby", this.#popover.id)
    if (!this.#isShown) this.#popover.showPopover()
    this.#place(chip)
  }

  /**
   * Asked once, until other numbers of users react to the message.
   * @param {HTMLElement} chip
   */
  #reactionsOf(chip) {
    const row = /** @type {HTMLElement} */ (chip.closest("[data-seq]"))
    const counts = [...row.querySelectorAll(".reaction")].map(each => each.textContent).join()
    const known = this.#asked.get(row)
    if (known?.counts === counts && Date.now() - known.at < FRESH) return known.reactions
    const reactions = this.#ask(row)
    this.#asked.set(row, { counts, at: Date.now(), reactions })
    // What failed is asked again.
    reactions.then(found => found || this.#asked.delete(row))
    return reactions
  }

  /**
   * @param {HTMLElement} row
   * @returns {Promise<Reaction[] | null>}
   */
  async #ask(row) {
    const answer = await ask(`${this.#address}messages/${row.dataset.seq}/reactions/`)
    if (answer?.status !== 200) return null
    const { reactions } = /** @type {{ reactions?: Reaction[] }} */ (/** @type {unknown} */ (answer.objects))
    return reactions ?? null
  }

  // Above the reaction, or below it where there is no space, and never beyond the window.
  /** @param {HTMLElement} chip */
  #place(chip) {
    const { top, bottom, left, width } = chip.getBoundingClientRect()
    const { offsetWidth, offsetHeight, style } = this.#popover
    const above = top - offsetHeight - GAP
    const start = Math.min(left + width / 2 - offsetWidth / 2, document.documentElement.clientWidth - offsetWidth - GAP)
    style.top = `${above >= GAP ? above : bottom + GAP}px`
    style.left = `${Math.max(start, GAP)}px`
  }

  /** Rows have moved or changed. */
  #update() {
    const chip = this.#chip
    if (!chip) return
    if (!chip.isConnected || !isInView(chip, this.#list)) return this.#hide()
    if (!chip.hasAttribute("aria-describedby")) return
    this.#fill(chip)
  }

  /** @param {KeyboardEvent} event Esc takes away nothing else then. */
  #dismiss(event) {
    if (event.key !== "Escape" || isComposing(event) || !this.#chip?.hasAttribute("aria-describedby")) return
    event.preventDefault()
    event.stopPropagation()
    this.#hide()
  }

  #hide() {
    clearTimeout(this.#timer)
    this.#chip?.removeAttribute("aria-describedby")
    this.#chip = null
    if (this.#isShown) this.#popover.hidePopover()
  }

  get #isShown() {
    return this.#popover.matches(":popover-open")
  }
}

function createPopover() {
  const popover = document.createElement("div")
  popover.id = "reactors"
  popover.className = "reactors"
  popover.setAttribute("popover", "manual")
  popover.setAttribute("role", "tooltip")
  return popover
}

/** @param {Event} event */
function chipAt(event) {
  return around(event, ".reaction")
}

/** @param {PointerEvent} event Whether the pointer has stayed within the reaction, or the popover. */
function isWithin({ target, relatedTarget }) {
  const left = target instanceof Element ? target.closest(".reaction, .reactors") : null
  return !left || (relatedTarget instanceof Node && left.contains(relatedTarget))
}

/** @param {HTMLElement} chip */
function countIn(chip) {
  return Number(chip.querySelector(".reaction-count")?.textContent)
}

/**
 * @param {HTMLElement} chip
 * @param {HTMLElement} list
 */
function isInView(chip, list) {
  const { top, bottom } = (list.closest(".scroller") ?? list).getBoundingClientRect()
  const box = chip.getBoundingClientRect()
  return box.bottom > top && box.top < bottom
}

/** @param {{ name: string } | string} piece */
function nodeOf(piece) {
  if (typeof piece === "string") return piece
  const name = document.createElement("bdi")
  name.textContent = piece.name
  return name
}
