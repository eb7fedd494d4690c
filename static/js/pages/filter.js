// Filters a list of groups while one types. Its form searches the directory, which has those that the list lacks.

// Characters that comparisons of names ignore: joiners, and what chooses between an emoji's text and its picture.
const IGNORED = /\u200c|\u200d|\ufe0e|\ufe0f/g

/** Has every form on the page that searches a list filter it. */
export function filterLists() {
  /** @type {NodeListOf<HTMLFormElement>} */
  const forms = document.querySelectorAll("form[data-filters]")
  for (const form of forms) form.addEventListener("input", () => filter(form))
}

/** @param {HTMLFormElement} form */
function filter(form) {
  const term = String(new FormData(form).get("q"))
  /** @type {NodeListOf<HTMLElement>} */
  const rows = document.querySelectorAll(`${form.dataset.filters} li`)
  for (const row of rows) row.hidden = !hasIn(row.querySelector("[dir=auto]")?.textContent ?? "", term)
}

/**
 * Whether a name contains what is searched, ignoring case.
 * @param {string} name
 * @param {string} term
 */
export function hasIn(name, term) {
  return plain(name).includes(plain(term.trim()))
}

/** @param {string} text */
function plain(text) {
  return text.replace(IGNORED, "").toLowerCase()
}
