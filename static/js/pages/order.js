// The order of the user's groups. The rule of discussit/groups/lists.py; tests/corpus holds both to it.

/**
 * @typedef Rank
 * @property {number} part Of the list: those of its first part come first, whatever else is said of them.
 * @property {boolean} isMuted
 * @property {boolean} isUnread
 * @property {string} at When the group was last active: a timestamp as the server sends it, which sort as text.
 */

/**
 * Less than 0 if `a` stands before `b`: muted groups come last; of them and of the others first those with something
 * unread, then those that are more active. Equal ones stay as they are.
 * @param {Rank} a
 * @param {Rank} b
 */
export function compareRanks(a, b) {
  return (
    a.part - b.part ||
    Number(a.isMuted) - Number(b.isMuted) ||
    Number(b.isUnread) - Number(a.isUnread) ||
    Number(a.at < b.at) - Number(a.at > b.at)
  )
}
