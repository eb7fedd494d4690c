// Filters a list of groups while one types. Its form searches on the home page, which finds those that the list lacks.

import { find } from "../shared/dom.js"

// Characters that comparisons of names ignore: joiners, and what chooses between an emoji's text and its picture.
const IGNORED = /\u200c|\u200d|\ufe0e|\ufe0f/g

/** Has every form on the page that searches a list filter it. */
export function filterLists() {
  /** @type {NodeListOf<HTMLFormElement>} */
  const forms = document.querySelectorAll("form[data-filters]")
  for (const form of forms) filterWith(form)
}

/** @param {HTMLFormElement} form */
function filterWith(form) {
  form.addEventListener("input", () => filter(form))
  // Rows that appear later are filtered as well, but not by what the server has searched already.
  const added = new MutationObserver(() => isTyped(form) && filter(form))
  const { filters } = form.dataset
  for (const list of document.querySelectorAll(`ul${filters}, ${filters} ul`)) added.observe(list, { childList: true })
}

/** @param {HTMLFormElement} form */
function isTyped(form) {
  const { value, defaultValue } = find(form, "[name=q]", HTMLInputElement)
  return value !== defaultValue
}

/** @param {HTMLFormElement} form */
function filter(form) {
  const term = String(new FormData(form).get("q"))
  /** @type {NodeListOf<HTMLElement>} */
  const rows = document.querySelectorAll(`${form.dataset.filters} li`)
  for (const row of rows) row.hidden = !hasIn(row.querySelector("[dir=auto]")?.textContent ?? "", term)
  find(form, ".search-none").hidden = [...rows].some(row => !row.hidden)
}

/**
 * Whether a name contains what is searched, ignoring case and Unicode's forms: the rule of models/groups.py.
 * @param {string} name
 * @param {string} term
 */
export function hasIn(name, term) {
  return plain(name).includes(plain(term.trim()))
}

/** @param {string} text */
function plain(text) {
  // Like Python's casefold: upper case first, since only there is ß the same as ss.
  const folded = text.replace(IGNORED, "").normalize("NFKC").toUpperCase().toLowerCase()
  return folded.normalize("NFKC").replaceAll("ς", "σ")
}
