// What the lists of groups share: the home page's and the sidebar's.

import { fillAvatar } from "../shared/avatar.js"
import { contentOf, find } from "../shared/dom.js"

// As in discussit/groups/listed.py and names.py.
const FACES = 3
const NOTES = "Notes to self"

/**
 * What is in the <template> with this id, for a group.
 * @param {string} id
 * @param {string} uuid
 */
export function rowFor(id, uuid) {
  return find(contentFor(id, uuid), "*")
}

/**
 * @param {string} id
 * @param {string} uuid
 */
export function contentFor(id, uuid) {
  const fragment = contentOf(id)
  for (const element of fragment.querySelectorAll("*"))
    for (const attribute of element.attributes) attribute.value = attribute.value.replaceAll("{uuid}", uuid)
  return fragment
}

/**
 * The avatars of the people after whom a direct group is called; of one's own notes the user's.
 * @param {string} name
 * @param {string} user
 */
export function facesOf(name, user) {
  const faces = Object.assign(document.createElement("span"), { className: "faces" })
  for (const each of peopleIn(name, user)) {
    const avatar = Object.assign(document.createElement("span"), { className: "avatar" })
    avatar.setAttribute("aria-hidden", "true")
    fillAvatar(avatar, each)
    faces.append(avatar)
  }
  return faces
}

/**
 * Whom a direct group's name names, as far as they have avatars. No username has a comma or a space.
 * @param {string} name
 * @param {string} user
 */
export function peopleIn(name, user) {
  return name === NOTES ? [user] : name.split(", ").slice(0, FACES)
}

/**
 * Whether a direct group with this name has several others in it.
 * @param {string} name
 */
export function isOfSeveral(name) {
  return name !== NOTES && name.includes(", ")
}

/**
 * Whether some groups of the list have nothing unread: one without a row that has would stand before them.
 * @param {HTMLElement} list
 */
export function hasQuiet(list) {
  return list.querySelectorAll(".badges:not(:empty)").length < list.childElementCount
}
