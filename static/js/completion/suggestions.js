// The list that opens above a field, or below where there is more space. The field keeps the focus and points to the
// option that is chosen. It stays a text box: `aria-expanded` belongs to comboboxes, and those have one line. So a status
// says how many options there are.

const GAP = 4 // pixels between the field and the list
const HEIGHT = "16rem"
let lists = 0

/**
 * What is inserted, and what the list shows of it.
 * @typedef {{ text: string, name: string, note: string, picture: HTMLElement }} Suggestion
 */

export class Suggestions {
  #field
  #anchor
  #chosen
  #id = `suggestions-${++lists}`
  #list = document.createElement("ul")
  #status = document.createElement("p")
  /** @type {Suggestion[]} */
  #suggestions = []
  #place = 0

  /**
   * @param {HTMLTextAreaElement} field
   * @param {HTMLElement} anchor The list is as wide.
   * @param {(suggestion: Suggestion) => void} chosen
   */
  constructor(field, anchor, chosen) {
    this.#field = field
    this.#anchor = anchor
    this.#chosen = chosen
    this.#create()
    field.setAttribute("aria-autocomplete", "list")
    field.setAttribute("aria-haspopup", "listbox")
  }

  get isOpen() {
    return this.#suggestions.length > 0
  }

  /**
   * Shows these, with the first one chosen; none: closes the list.
   * @param {Suggestion[]} suggestions
   * @param {string} label
   */
  show(suggestions, label) {
    if (textsOf(suggestions) === textsOf(this.#suggestions)) return this.place()
    this.#suggestions = suggestions
    this.#list.replaceChildren(...suggestions.map((each, place) => this.#option(each, place)))
    this.#list.setAttribute("aria-label", label)
    this.#toggle()
    this.#say(label)
    if (!this.isOpen) return
    this.#move(0)
    this.place()
  }

  close() {
    this.show([], "")
  }

  /** @param {number} by From the last, the next one is the first. */
  step(by) {
    this.#move((this.#place + by + this.#suggestions.length) % this.#suggestions.length)
  }

  choose() {
    this.#chosen(this.#suggestions[this.#place])
  }

  /** Puts the list where the field is now. */
  place() {
    if (!this.isOpen) return
    const { left, width, top, bottom } = this.#anchor.getBoundingClientRect()
    const { offsetTop = 0, height = innerHeight } = visualViewport ?? {}
    const above = top - offsetTop - 2 * GAP
    const below = offsetTop + height - bottom - 2 * GAP
    const { style } = this.#list
    style.left = `${left}px`
    style.width = `${width}px`
    style.maxHeight = `min(${HEIGHT}, ${Math.max(above, below)}px)`
    style.top = `${above >= below ? top - GAP - this.#list.offsetHeight : bottom + GAP}px`
  }

  end() {
    this.close()
    this.#list.remove()
    this.#status.remove()
  }

  #create() {
    this.#list.id = this.#id
    this.#list.className = "suggestions"
    this.#list.setAttribute("role", "listbox")
    this.#list.setAttribute("popover", "manual")
    this.#list.tabIndex = 0 // as browsers do with what scrolls
    this.#list.hidden = true
    this.#status.className = "visually-hidden"
    this.#status.setAttribute("role", "status")
    // Pressing an option must not take the focus from the field, which would close the list.
    this.#list.addEventListener("mousedown", event => event.preventDefault())
    this.#list.addEventListener("click", event => this.#press(event))
    this.#anchor.after(this.#list, this.#status)
  }

  #toggle() {
    this.#list.hidden = !this.isOpen
    if ("showPopover" in this.#list) this.#list.togglePopover(this.isOpen)
    if (this.isOpen) return this.#field.setAttribute("aria-controls", this.#id)
    for (const name of ["aria-controls", "aria-activedescendant"]) this.#field.removeAttribute(name)
  }

  /** @param {string} label */
  #say(label) {
    const { length } = this.#suggestions
    this.#status.textContent = length ? `${label}: ${length} ${length === 1 ? "suggestion" : "suggestions"}` : ""
  }

  /** @param {number} place */
  #move(place) {
    this.#place = place
    for (const [index, option] of [...this.#list.children].entries()) {
      option.setAttribute("aria-selected", String(index === place))
    }
    this.#field.setAttribute("aria-activedescendant", `${this.#id}-${place}`)
    this.#list.children[place].scrollIntoView({ block: "nearest" })
  }

  /** @param {Event} event */
  #press({ target }) {
    const option = target instanceof Element && target.closest("[role=option]")
    if (!option) return
    this.#place = [...this.#list.children].indexOf(option)
    this.choose()
  }

  /**
   * @param {Suggestion} suggestion
   * @param {number} place
   */
  #option({ name, note, picture }, place) {
    const option = document.createElement("li")
    option.id = `${this.#id}-${place}`
    option.className = "suggestions-option"
    option.setAttribute("role", "option")
    picture.setAttribute("aria-hidden", "true")
    const label = document.createElement("span")
    label.className = "suggestions-label"
    label.append(element("bdi", "suggestions-name", name), " ", element("span", "suggestions-note", note))
    option.append(picture, label)
    return option
  }
}

/** @param {Suggestion[]} suggestions */
function textsOf(suggestions) {
  return suggestions.map(({ text }) => text).join("\n")
}

/**
 * @param {string} name
 * @param {string} className
 * @param {string} text
 */
function element(name, className, text) {
  const made = document.createElement(name)
  made.className = className
  made.textContent = text
  return made
}
