// Opens and closes runs whose line the reader presses, which stays where it is. The log is laid out from its end: without
// this, whatever grows moves up.

import { around } from "../shared/dom.js"

/**
 * @param {HTMLElement} list
 * @param {import("./view.js").LogView} view
 */
export function holdLines(list, view) {
  list.addEventListener("click", event => {
    const line = around(event, ".run-line")
    const run = line?.parentElement
    if (!line || !(run instanceof HTMLDetailsElement) || event.defaultPrevented) return
    event.preventDefault()
    view.change(() => (run.open = !run.open), line)
  })
}
