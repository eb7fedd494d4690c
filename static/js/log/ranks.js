// What people may do in the group, by rank: as discussit/models/groups.py has it. The page names the user's own, and, for
// those who may delete messages of others, of all who are more than members.

const ROLES = ["member", "moderator", "owner"]

/**
 * Whether the user may delete a message of this author: the rule of `outranks` in discussit/groups/membership.py.
 * @param {DOMStringMap} page
 * @param {string} author
 */
export function outranks({ rank, ranks }, author) {
  return ranks !== undefined && Number(rank) > (ranksIn(ranks).get(author) ?? 0)
}

/**
 * @param {HTMLElement} page
 * @param {string} user
 * @param {import("../connection/protocol.js").GroupChanged} change
 */
export function followRank(page, user, { change, target_user, value = "" }) {
  const role = change === "handed_over" ? "owner" : value
  if ((change !== "role" && change !== "handed_over") || !target_user || !ROLES.includes(role)) return
  const rank = ROLES.indexOf(role)
  // A superuser has the rights of an owner, whatever their role.
  if (target_user === user && !page.querySelector("#composer[data-superuser]")) page.dataset.rank = String(rank)
  setRank(page, target_user, rank)
}

/**
 * @param {HTMLElement} page
 * @param {string} name
 * @param {number} rank
 */
function setRank({ dataset }, name, rank) {
  if (dataset.ranks === undefined) return
  const ranks = ranksIn(dataset.ranks)
  if (rank > 0) ranks.set(name, rank)
  else ranks.delete(name)
  dataset.ranks = JSON.stringify(Object.fromEntries(ranks))
}

/**
 * @param {string} ranks
 * @returns {Map<string, number>}
 */
function ranksIn(ranks) {
  return new Map(Object.entries(JSON.parse(ranks)))
}
