// As much of a document as it takes to see which elements a module makes, as HTML.

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" }
const escaped = text => text.replace(/[&<>"']/g, sign => ESCAPES[sign])

class Fragment {
  #content = []

  append(...content) {
    this.#content.push(...content)
  }

  get innerHTML() {
    return this.#content.map(each => (typeof each === "string" ? escaped(each) : each.outerHTML)).join("")
  }
}

class Element extends Fragment {
  #name
  #attributes = ""

  constructor(name) {
    super()
    this.#name = name
  }

  setAttribute(name, value) {
    this.#attributes += ` ${name}="${escaped(value)}"`
  }

  get outerHTML() {
    const begin = `<${this.#name}${this.#attributes}>`
    return this.#name === "br" ? begin : `${begin}${this.innerHTML}</${this.#name}>`
  }
}

export const dom = {
  createElement: name => new Element(name),
  createDocumentFragment: () => new Fragment(),
}
