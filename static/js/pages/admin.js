// Suggests names while typing, and selects all rows. The administration works without it.

import { isFromServer } from "../shared/ask.js"

const PAUSE = 150 // milliseconds without a key before the server is asked

/** @param {HTMLInputElement} input */
function suggest(input) {
  /** @type {number | undefined} */
  let timer
  let asked = new AbortController()

  input.addEventListener("input", () => {
    clearTimeout(timer)
    timer = setTimeout(ask, PAUSE)
  })
  input.addEventListener("focus", ask, { once: true })

  async function ask() {
    asked.abort()
    asked = new AbortController()
    try {
      const url = `${input.dataset.lookup}?${new URLSearchParams({ term: input.value })}`
      const response = await fetch(url, { signal: asked.signal })
      if (response.ok && isFromServer(response)) show((await response.json()).results)
    } catch {
      // Aborted by the next key, or offline: the name can still be typed.
    }
  }

  /** @param {{ id: string, text: string }[]} results */
  function show(results) {
    input.list?.replaceChildren(...results.map(({ id, text }) => new Option(text, id)))
  }
}

/** @param {HTMLInputElement} box */
function selectAll(box) {
  box.hidden = false
  box.addEventListener("change", () => {
    for (const each of inputs(box.form ?? document, "[name=pks]")) each.checked = box.checked
  })
}

/**
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {NodeListOf<HTMLInputElement>}
 */
function inputs(root, selector) {
  return root.querySelectorAll(selector)
}

inputs(document, "[data-lookup]").forEach(suggest)
inputs(document, "#select-all").forEach(selectAll)
