// What the popover of a reaction says: "alice, bob and you reacted with 👍".

const MAX_NAMES = 12

/**
 * The sentence in pieces: names, and what stands between them. `users`: the names of the first who react.
 * @param {{ emoji: string, count: number, users: string[] }} reaction
 * @param {string} user Whose page it is.
 * @param {boolean} isOwn Whether they react so.
 * @returns {({ name: string } | string)[]}
 */
export function reactorWords({ emoji, count, users }, user, isOwn) {
  const others = users.filter(name => name !== user).slice(0, MAX_NAMES)
  /** @type {({ name: string } | string)[]} */
  const people = [...others.map(name => ({ name })), ...(isOwn ? [others.length > 0 ? "you" : "You"] : [])]
  const rest = count - people.length
  if (rest > 0) people.push(people.length > 0 ? counted(rest, "other") : counted(rest, "person", "people"))
  const listed = people.flatMap((each, index) => {
    if (index === 0) return [each]
    return [index === people.length - 1 ? " and " : ", ", each]
  })
  return [...listed, ` reacted with ${emoji}`]
}

/**
 * @param {number} count
 * @param {string} one
 * @param {string} [more]
 */
function counted(count, one, more = `${one}s`) {
  return `${count} ${count === 1 ? one : more}`
}
