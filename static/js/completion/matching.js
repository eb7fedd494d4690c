// Which names complete what was typed.

const JOINERS = /\u200c|\u200d/g
const BETWEEN_PARTS = /[@.+\-_]+/

/**
 * The names that contain the term: first those that begin with it, then those of which a part does. Within each of these
 * they keep their order.
 * @param {Iterable<string>} names
 * @param {string} term
 * @param {number} limit
 */
export function completing(names, term, limit) {
  const key = folded(term)
  const ranked = [...names].map(name => ({ name, rank: rankOf(folded(name), key) }))
  const found = ranked.filter(({ rank }) => rank < NOT_FOUND).sort((one, other) => one.rank - other.rank)
  return found.slice(0, limit).map(({ name }) => name)
}

/**
 * Whether two names are the same, whatever their case.
 * @param {string} one
 * @param {string} other
 */
export function isSame(one, other) {
  return folded(one) === folded(other)
}

const NOT_FOUND = 3

/**
 * @param {string} name
 * @param {string} key
 */
function rankOf(name, key) {
  if (name.startsWith(key)) return 0
  if (name.split(BETWEEN_PARTS).some(part => part.startsWith(key))) return 1
  return name.includes(key) ? 2 : NOT_FOUND
}

/**
 * Like `username_key` in models/accounts.py: upper case first, since only there is ß the same as ss.
 * @param {string} name
 */
function folded(name) {
  return name.replaceAll(JOINERS, "").normalize("NFKC").toUpperCase().toLowerCase()
}
