// All emoji by groups, after those used last, and the toolbar that leads to each group. What is out of sight is created
// one group after the other, so that the picker opens quickly.

import { find } from "../shared/dom.js"
import { named } from "./data.js"
import { element, Group } from "./grid.js"
import { moveWithin } from "./grid-keys.js"
import { withTone } from "./tones.js"

const USED = "recently used"
const USED_ICON = "🕘"
const IN_SIGHT = 2 // groups that are created immediately
const FRAMES = 3 // until what a jump has laid out stays as it is

export class Groups {
  #scroller
  #root
  #toolbar
  #jumped
  /** @type {import("./data.js").EmojiData | undefined} */
  #data
  /** @type {Group[]} The first are those used last. */
  #groups = []
  /** @type {string[]} */
  #used = []
  #columns = 0
  #tone = 0

  /**
   * @param {HTMLElement} picker
   * @param {(group: Group) => void} jumped Called before a group is scrolled to.
   */
  constructor(picker, jumped) {
    this.#scroller = find(picker, ".emoji-picker-scroller")
    this.#root = find(picker, ".emoji-picker-all")
    this.#toolbar = find(picker, ".emoji-picker-groups")
    this.#jumped = jumped
    this.#scroller.addEventListener("scroll", () => this.#mark(), { passive: true })
    moveWithin(this.#toolbar)
  }

  /** @param {boolean} isHidden */
  set hidden(isHidden) {
    this.#root.hidden = isHidden
    this.#mark()
  }

  /**
   * @param {import("./data.js").EmojiData} data
   * @param {{ used: string[], tone: number, columns: number }} choice
   */
  show(data, { used, tone, columns }) {
    this.#used = used
    if (columns !== this.#columns || data !== this.#data) this.#create(data, columns)
    if (tone !== this.#tone) this.retone(tone)
    this.#groups[0]?.empty()
    this.#groups[0]?.reserve(used.length)
    for (const group of this.#groups.slice(0, IN_SIGHT)) group.fill()
    this.#fillAfter(IN_SIGHT)
    this.#scroller.scrollTop = 0
    this.#mark()
  }

  /** Creates what is left: somebody goes to the end. */
  complete() {
    for (const group of this.#groups) group.fill()
  }

  /** @param {number} tone */
  retone(tone) {
    this.#tone = tone
    const filled = this.#groups.slice(1).filter(group => group.firstCell)
    for (const group of filled) {
      group.empty()
      group.fill()
    }
  }

  /**
   * @param {import("./data.js").EmojiData} data
   * @param {number} columns
   */
  #create(data, columns) {
    this.#data = data
    this.#columns = columns
    const used = () => this.#used.map(character => ({ character, emoji: named(data, character) }))
    this.#groups = [new Group(USED, "emoji-group-0", columns, used)]
    for (const { name, emoji } of data.groups) {
      const all = () => emoji.map(each => ({ character: withTone(each, this.#tone), emoji: each }))
      const group = new Group(name, `emoji-group-${this.#groups.length}`, columns, all)
      group.reserve(emoji.length)
      this.#groups.push(group)
    }
    this.#root.replaceChildren(...this.#groups.map(group => group.element))
    const icons = [USED_ICON, ...data.groups.map(({ emoji }) => emoji[0]?.emoji ?? "")]
    this.#toolbar.replaceChildren(...this.#groups.map((group, index) => this.#wayTo(group, icons[index] ?? "")))
  }

  /** @param {number} index */
  #fillAfter(index) {
    const group = this.#groups[index]
    if (!group) return
    setTimeout(() => {
      group.fill()
      this.#fillAfter(index + 1)
    })
  }

  /**
   * @param {Group} group
   * @param {string} icon
   */
  #wayTo(group, icon) {
    const label = group.name.charAt(0).toUpperCase() + group.name.slice(1)
    const tabindex = group === this.#groups[0] ? "0" : "-1"
    const button = element("button", { type: "button", "aria-label": label, title: label, tabindex }, icon)
    button.addEventListener("click", () => this.#jump(group))
    return button
  }

  /** @param {Group} group */
  #jump(group) {
    group.fill()
    this.#jumped(group)
    this.#scrollTo(group.element, FRAMES)
  }

  /**
   * And again with the next frames: above it, heights are only estimated until they are laid out.
   * @param {HTMLElement} element
   * @param {number} frames
   */
  #scrollTo(element, frames) {
    this.#scroller.scrollTop = element.offsetTop
    if (frames > 0) requestAnimationFrame(() => this.#scrollTo(element, frames - 1))
  }

  // The group that is at the top.
  #mark() {
    const top = this.#scroller.scrollTop + 1
    const current = this.#root.hidden ? -1 : this.#groups.findLastIndex(({ element }) => element.offsetTop <= top)
    for (const [index, button] of [...this.#toolbar.children].entries()) {
      if (index === current) button.setAttribute("aria-current", "true")
      else button.removeAttribute("aria-current")
    }
  }
}
