// A message's `body` as elements: the same as templates/group/_body.html makes. Text only ever becomes text.

/** @typedef {string | number | BodyNode[]} BodyNode A text, or a list of a tag and what is in it, as docs/protocol.md says. */
/** @typedef {{ mentions: string[], me: string, isAuthor: boolean }} Reader */

/** @type {ReadonlyMap<BodyNode | undefined, (rest: BodyNode[], reader: Reader) => (string | Node)[]>} */
const RENDERERS = new Map([
  ["p", nested("p")],
  ["q", nested("blockquote")],
  ["ul", nested("ul")],
  ["ol", ([start, ...nodes], reader) => [element("ol", { start }, render(nodes, reader))]],
  ["li", nested("li")],
  ["b", nested("strong")],
  ["i", nested("em")],
  ["s", nested("s")],
  ["br", () => [element("br", {}, [])]],
  ["code", ([text]) => [element("code", {}, [String(text)])]],
  ["pre", renderCode],
  ["a", renderLink],
  ["@", renderMention],
  ["e", ([emoji, alias]) => [element("span", { class: "emoji", title: `:${alias}:` }, [String(emoji)])]],
  ["big", emoji => [element("p", { class: "big-emoji" }, [emoji.join(" ")])]],
])

/**
 * @param {{ t: BodyNode[] }} body
 * @param {string[]} mentions Usernames, or "everyone".
 * @param {string} me The reader's name.
 * @param {boolean} [isAuthor] Whether the reader wrote it: then "everyone" is no mention of them.
 */
export function renderBody(body, mentions, me, isAuthor = false) {
  const fragment = document.createDocumentFragment()
  fragment.append(...render(body.t, { mentions, me, isAuthor }))
  return fragment
}

/**
 * @param {BodyNode[]} nodes
 * @param {Reader} reader
 * @returns {(string | Node)[]}
 */
function render(nodes, reader) {
  return nodes.flatMap(node =>
    Array.isArray(node) ? renderElement(node, reader) : typeof node === "string" ? node : [],
  )
}

/**
 * Of a node of a later version, what is in it.
 * @param {BodyNode[]} node
 * @param {Reader} reader
 */
function renderElement([tag, ...rest], reader) {
  return (RENDERERS.get(tag) ?? render)(rest, reader)
}

/**
 * @param {string} name
 * @returns {(nodes: BodyNode[], reader: Reader) => Node[]}
 */
function nested(name) {
  return (nodes, reader) => [element(name, {}, render(nodes, reader))]
}

/** @param {BodyNode[]} rest */
function renderCode([language, text]) {
  const attributes = { class: "code", "data-language": language, tabindex: 0 }
  return [element("pre", attributes, [element("code", {}, [String(text)])])]
}

/**
 * Where another text stands for the address, its host stands beside it.
 * @param {BodyNode[]} rest
 * @param {Reader} reader
 */
function renderLink([address, ...nodes], reader) {
  const content = render(nodes, reader)
  if (!/^https?:\/\//i.test(String(address))) return content
  const anchor = element("a", { href: address, rel: "noopener nofollow ugc" }, content)
  if (nodes.length === 1 && nodes[0] === address) return [anchor]
  return [anchor, " ", element("bdi", { class: "link-host" }, [`(${String(address).split(/[/?#]/)[2]})`])]
}

/**
 * @param {BodyNode[]} rest
 * @param {Reader} reader
 */
function renderMention([place], { mentions, me, isAuthor }) {
  const name = mentions[Number(place)] ?? ""
  const isMe = me !== "" && (name === me || (name === "everyone" && !isAuthor))
  const attributes = { class: isMe ? "mention mention-me" : "mention", "data-user": name }
  return [element("bdi", attributes, [`@${name}`])]
}

/**
 * @param {string} name
 * @param {{ [name: string]: BodyNode }} attributes
 * @param {(string | Node)[]} content
 */
function element(name, attributes, content) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value))
  made.append(...content)
  return made
}
