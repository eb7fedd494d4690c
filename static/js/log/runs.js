// Runs of two or more joins and leaves, or three or more deleted messages: they fold into one line, by the rules of
// pages/runs.py, except that a day is the reader's own. Rows are moved, never copied, and no more of them than it takes.

import { attempt } from "../shared/attempt.js"
import { cloned, find } from "../shared/dom.js"
import { localize } from "../shared/times.js"
import { piecesOf, RunSummary } from "./run-summary.js"

/** @typedef {import("./run-summary.js").EventKind} EventKind */
/** @typedef {HTMLDetailsElement} Run */

/** @type {WeakMap<Run, RunSummary>} Of runs that were folded here. */
const summaries = new WeakMap()
/** @type {WeakSet<Element>} Rows of runs that were open when they were unfolded. */
const opened = new WeakSet()

/**
 * Folds all runs of the log. Those that are folded already stay as they are, except where rows have come before or after
 * them, or a date or the row of a permalink into them.
 * @param {HTMLElement} list
 * @param {Element | null} [pointed] The permalink's row, which stands alone.
 */
export function foldRuns(list, pointed = list.querySelector(".pointed")) {
  for (const run of runsIn(list)) if (isSplit(run, pointed)) unfold(run)
  for (const units of stretchesOf(list, pointed)) attempt(() => fold(units))
}

/**
 * Folds the log's last row with what is directly above it: events in the same time however long the log and its runs are.
 * @param {HTMLElement} list
 */
export function foldLast(list) {
  const last = list.lastElementChild
  const above = last?.previousElementSibling
  const kind = last && kindOf(last)
  if (kind === "deleted") foldRuns(list)
  else if (kind && above && kindOf(above) === kind) attempt(() => fold([above, last]))
}

/**
 * Puts the rows of all runs back into the log: the server folds by days of UTC.
 * @param {HTMLElement} list
 */
export function unfoldRuns(list) {
  for (const run of runsIn(list)) unfold(run)
}

/**
 * Opens the run that a row is in, if it is in one: a link may lead to it.
 * @param {HTMLElement} row
 */
export function reveal(row) {
  const run = row.parentElement
  if (run && isRun(run)) run.open = true
}

/** @param {HTMLElement} list */
function runsIn(list) {
  return [...list.children].filter(isRun)
}

/**
 * @param {Element | null} unit
 * @returns {unit is Run}
 */
function isRun(unit) {
  return unit instanceof HTMLDetailsElement && unit.classList.contains("run")
}

/**
 * What a row or run folds with; nothing if it stands alone.
 * @param {Element} unit
 */
function kindOf(unit) {
  const row = isRun(unit) ? unit.children[1] : unit
  if (!row?.matches("[data-seq]:not(.pointed, #unread-line + *)")) return ""
  return row.matches("[data-event]") ? "event" : row.querySelector(".entry-deleted") && "deleted"
}

/** @param {Element[]} units Of one kind. */
function isMany(units) {
  return units.length > 1 && (kindOf(units[0]) === "event" || rowsOf(units).length > 2)
}

/**
 * @param {Run} run
 * @param {Element | null} pointed
 */
function isSplit(run, pointed) {
  return run.contains(pointed) || run.querySelector(".entry-day, #unread-line") !== null
}

/**
 * Runs and rows that stand together and fold.
 * @param {HTMLElement} list
 * @param {Element | null} pointed
 */
function stretchesOf(list, pointed) {
  /** @type {Element[][]} */
  const stretches = []
  let above
  for (const unit of list.children) {
    const kind = unit !== pointed && kindOf(unit)
    if (kind && kind === above) stretches[stretches.length - 1].push(unit)
    else stretches.push([unit])
    above = kind
  }
  return stretches.filter(isMany)
}

/** @param {Element[]} units Together they become one run: one of theirs if there is one, and if one is open, that. */
function fold(units) {
  const runs = units.filter(isRun)
  const run = runs.find(({ open }) => open) ?? runs[0] ?? createBefore(units[0])
  const place = units.indexOf(run)
  const [before, after] = [units.slice(0, Math.max(place, 0)), units.slice(place + 1)].map(rowsOf)
  const added = [...before, ...after]
  const wasOpen = added.filter(row => opened.delete(row)).length > 0
  move(added, isInUse => {
    find(run, ".run-line").after(...before)
    run.append(...after)
    if (wasOpen || isInUse) run.open = true
  })
  for (const other of runs) if (other !== run) other.remove()
  summarize(run, before.length > 0 ? undefined : after)
}

/** @param {Element} unit */
function createBefore(unit) {
  const run = /** @type {Run} */ (cloned("run-template"))
  unit.before(run)
  return run
}

/** @param {Run} run */
function unfold(run) {
  const rows = partsOf(run)
  if (run.open) for (const row of rows) opened.add(row)
  move(rows, () => run.before(...rows))
  run.remove()
}

/**
 * @param {Element[]} units
 * @returns {HTMLElement[]}
 */
function rowsOf(units) {
  return units.flatMap(unit => (isRun(unit) ? partsOf(unit) : [/** @type {HTMLElement} */ (unit)]))
}

/** @param {Run} run */
function partsOf(run) {
  /** @type {NodeListOf<HTMLElement>} */
  const parts = run.querySelectorAll(":scope > :not(.run-line)")
  return [...parts]
}

/**
 * Moves rows without taking the focus or the selection from them.
 * @param {HTMLElement[]} rows
 * @param {(isInUse: boolean) => void} insert Gets whether one has either, is edited or is where the address leads.
 */
function move(rows, insert) {
  const { activeElement } = document
  const hasFocus = rows.some(row => row.contains(activeElement))
  const select = selectionIn(rows)
  insert(hasFocus || select !== null || rows.some(row => row.matches(":target") || row.querySelector("textarea")))
  if (hasFocus && activeElement instanceof HTMLElement) activeElement.focus({ preventScroll: true })
  select?.()
}

/**
 * What selects the text again that is selected, if that begins or ends in one of the rows.
 * @param {HTMLElement[]} rows
 */
function selectionIn(rows) {
  const selection = getSelection()
  if (!selection || selection.isCollapsed) return null
  const { anchorNode, anchorOffset, focusNode, focusOffset } = selection
  if (!anchorNode || !focusNode) return null
  if (!rows.some(row => row.contains(anchorNode) || row.contains(focusNode))) return null
  return () => selection.setBaseAndExtent(anchorNode, anchorOffset, focusNode, focusOffset)
}

/**
 * @param {Run} run
 * @param {HTMLElement[]} [appended] Since its line was last right; without them it is counted anew.
 */
function summarize(run, appended) {
  showTime(find(run, ".run-line"), run.lastElementChild?.querySelector("time")?.dateTime ?? "")
  const words = find(run, ".run-words")
  if (kindOf(run) === "deleted") {
    words.textContent = `${run.childElementCount - 1} messages deleted`
    return
  }
  const known = appended && summaries.get(run)
  const summary = known ?? new RunSummary()
  for (const { dataset } of (known && appended) ?? partsOf(run))
    summary.add(dataset.name ?? "", /** @type {EventKind} */ (dataset.event))
  summaries.set(run, summary)
  words.replaceChildren(...piecesOf(summary.parts).map(nodeOf))
}

/** @param {{ name: string } | string} piece */
function nodeOf(piece) {
  if (typeof piece === "string") return piece
  const name = document.createElement("bdi")
  name.className = "run-name"
  name.textContent = piece.name
  return name
}

/**
 * @param {HTMLElement} line
 * @param {string} moment
 */
function showTime(line, moment) {
  find(line, "time", HTMLTimeElement).dateTime = moment
  if (moment) localize(line)
}
