// What the line of a run of joins and leaves says: the same rule as in pages/runs.py.

/** @typedef {"joined" | "left"} EventKind */
/**
 * People with the same net effect, in the order of their last events.
 * @typedef {{ names: string[], others: number, words: string }} Part
 */

// Of more people, the line names one fewer, so that "1 other" never takes the place of a name.
const MAX_NAMES = 3
// What somebody did, by their first and last event in the run, in the order of the line.
const EFFECTS = new Map([
  ["joined joined", "joined"],
  ["left left", "left"],
  ["joined left", "came and went"],
  ["left joined", "left and came back"],
])

export class RunSummary {
  /** @type {Map<string, EventKind>} Of each person, the first event. */
  #first = new Map()
  /** @type {Map<string, Set<string>>} Names by their net effect. */
  #people = new Map([...EFFECTS.keys()].map(effect => [effect, new Set()]))

  /**
   * Takes the run's next event into account, in the same time however long the run is.
   * @param {string} name
   * @param {EventKind} kind
   */
  add(name, kind) {
    const first = this.#first.get(name) ?? kind
    this.#first.set(name, first)
    // Also from the set that it is added to: the order is that of the last events.
    for (const names of this.#people.values()) names.delete(name)
    this.#people.get(`${first} ${kind}`)?.add(name)
  }

  /** @returns {Part[]} */
  get parts() {
    return [...EFFECTS].map(([effect, words]) => partOf(this.#people.get(effect) ?? new Set(), words)).filter(hasNames)
  }
}

/**
 * @param {Set<string>} people
 * @param {string} words
 */
function partOf(people, words) {
  const names = firstOf(people, people.size <= MAX_NAMES ? MAX_NAMES : MAX_NAMES - 1)
  return { names, others: people.size - names.length, words }
}

/** @param {Part} part */
function hasNames({ names }) {
  return names.length > 0
}

/**
 * Not all of them first: thousands may have joined.
 * @param {Set<string>} names
 * @param {number} count
 */
function firstOf(names, count) {
  const first = []
  for (const name of names) {
    if (first.length === count) break
    first.push(name)
  }
  return first
}

/**
 * The line in pieces: names, and what stands between them.
 * @param {Part[]} parts
 * @returns {({ name: string } | string)[]}
 */
export function piecesOf(parts) {
  return parts.flatMap((part, index) => [...(index > 0 ? [" · "] : []), ...piecesOfPart(part)])
}

/** @param {Part} part */
function piecesOfPart({ names, others, words }) {
  const last = others > 0 ? -1 : names.length - 1
  const listed = names.flatMap((name, index) => {
    if (index === 0) return [{ name }]
    return [index === last ? " and " : ", ", { name }]
  })
  return [...listed, `${others > 0 ? ` and ${others} others` : ""} ${words}`]
}
