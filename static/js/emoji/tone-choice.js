// The picker's list of skin tones, and the button that opens it.

import { SKIN_TONES } from "./data.js"
import { element } from "./grid.js"
import { TONE_NAMES } from "./tones.js"

const HAND = "✋"

export class ToneChoice {
  #button
  #list

  /**
   * @param {HTMLElement} button
   * @param {HTMLElement} list
   * @param {(tone: number) => void} chosen
   */
  constructor(button, list, chosen) {
    this.#button = button
    this.#list = list
    list.append(...TONE_NAMES.map(option))
    button.addEventListener("click", () => this.#toggle(list.hasAttribute("hidden")))
    list.addEventListener("change", () => {
      const tone = Number(this.#checked?.value)
      this.show(tone)
      chosen(tone)
    })
    list.addEventListener("keydown", event => this.#key(event))
  }

  /** @param {number} tone */
  show(tone) {
    const inputs = this.#list.querySelectorAll("input")
    for (const input of inputs) input.checked = input.value === String(tone)
    this.#button.textContent = handIn(tone)
    const label = `Skin tone: ${TONE_NAMES[tone]?.toLowerCase()}`
    this.#button.setAttribute("aria-label", label)
    this.#button.title = label
  }

  close() {
    this.#toggle(false)
  }

  /** @param {boolean} isOpen */
  #toggle(isOpen) {
    this.#list.hidden = !isOpen
    this.#button.setAttribute("aria-expanded", String(isOpen))
    if (isOpen) this.#checked?.focus()
  }

  /** @param {KeyboardEvent} event Escape closes only this list. */
  #key(event) {
    if (event.key !== "Enter" && event.key !== "Escape") return
    event.preventDefault()
    event.stopPropagation()
    this.close()
    this.#button.focus()
  }

  get #checked() {
    return /** @type {HTMLInputElement | null} */ (this.#list.querySelector("input:checked"))
  }
}

/**
 * @param {string} name
 * @param {number} tone
 */
function option(name, tone) {
  const input = element("input", {
    type: "radio",
    name: "emoji-tone",
    value: String(tone),
    class: "visually-hidden",
    "aria-label": name,
  })
  return element("label", { title: name }, input, element("span", { "aria-hidden": "true" }, handIn(tone)))
}

/** @param {number} tone */
function handIn(tone) {
  return HAND + (SKIN_TONES[tone - 1] ?? "")
}
