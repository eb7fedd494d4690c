// What users can do with an entry, as far as the page knows. The server decides in any case.

/**
 * @typedef {{
 *   isMessage: boolean,
 *   isDeleted: boolean,
 *   isEdited: boolean,
 *   isOwn: boolean,
 *   isFrozen: boolean,
 *   mayWrite: boolean,
 *   mayDelete: boolean,
 * }} Acted
 * `isFrozen`: nobody can write, edit or react any more. `mayWrite`: the user can write messages.
 */

/**
 * The names of the actions, in the order of the menu.
 * @param {Acted} acted
 */
export function actionsFor({ isMessage, isDeleted, isEdited, isOwn, isFrozen, mayWrite, mayDelete }) {
  if (!isMessage) return ["copy-link"]
  if (isDeleted) return ["copy-link", "unread"]
  /** @type {[string, boolean][]} */
  const actions = [
    ["react", !isFrozen],
    ["reply", mayWrite],
    ["copy-text", true],
    ["copy-link", true],
    ["unread", true],
    ["edit", isOwn && !isFrozen],
    ["history", isEdited],
    ["delete", isOwn || mayDelete],
  ]
  return actions.filter(([, isAvailable]) => isAvailable).map(([name]) => name)
}
