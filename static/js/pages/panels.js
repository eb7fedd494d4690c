// The columns beside the log, which narrow windows show over it.

/** Closes panels that cover the page where the wide layout has room for them. */
export function watchWidth() {
  matchMedia("(width >= 640px)").addEventListener("change", foldPanels)
  matchMedia("(width >= 900px)").addEventListener("change", foldPanels)
}

// Firefox before 125 has no popovers: there none covers the page.
function foldPanels() {
  /** @type {NodeListOf<HTMLElement>} */
  const panels = document.querySelectorAll(".panel")
  for (const panel of panels) panel.togglePopover?.(false)
}
