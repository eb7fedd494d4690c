"""Chromium without what older browsers lack: those of the last three years, and Safari 16 where that is cheap.

This is the only list. `lacks_newer_features(page)` applies all of it to a page that is opened afterwards.
"""

import json
import re

# What scripts don't find.
NAMES = [
    # Chrome and Edge before 120, Safari before 17
    "URL.canParse",
    # Firefox before 125, Safari before 17
    "HTMLElement.prototype.popover",
    "HTMLElement.prototype.showPopover",
    "HTMLElement.prototype.hidePopover",
    "HTMLElement.prototype.togglePopover",
    "HTMLButtonElement.prototype.popoverTargetElement",
    "ToggleEvent",
    # Chrome before 121, Firefox before 121 or 124, Safari before 17.4
    "AbortSignal.any",
    "Array.fromAsync",
    "Object.groupBy",
    "Map.groupBy",
    "Promise.withResolvers",
    # Safari before 17.4, or all versions
    "Element.prototype.checkVisibility",
    "requestIdleCallback",
    # Most browsers before 2024
    "Iterator.prototype.map",
    "Iterator.prototype.filter",
    "Iterator.prototype.toArray",
    "Promise.try",
    "RegExp.escape",
    "Set.prototype.union",
    "Set.prototype.difference",
    # On plain http
    "Navigator.prototype.clipboard",
    "Navigator.prototype.locks",
    "Crypto.prototype.randomUUID",
]

# At these, style sheets skip a rule or a declaration, and querySelector() raises.
SELECTORS = [":popover-open", ":has(", ":user-invalid", ":open"]
STYLES = [
    # Chrome before 123, Safari before 17.5
    "light-dark(",
    # Firefox; Chrome before 123, Safari before 26.2
    "field-sizing:",
    # Firefox; Chrome before 117, Safari before 26
    "text-wrap: pretty",
    # Firefox before 118, Chrome before 125
    "round(",
    # Chrome before 120
    "(scripting:",
    # Firefox, Safari; Chrome before 133
    "scroll-initial-target:",
    # Safari
    "overflow-clip-margin:",
    "overflow-anchor:",
    # Safari before 18.2
    "scrollbar-gutter:",
    "scrollbar-width:",
    "scrollbar-color:",
]

REMOVE = """([names, selectors]) => {
  for (const name of names) {
    const path = name.split(".")
    const owner = path.slice(0, -1).reduce((owner, step) => owner?.[step], globalThis)
    if (owner && !delete owner[path.at(-1)]) throw new Error(`${name} can't be deleted`)
  }
  for (const { prototype } of [Document, DocumentFragment, Element])
    for (const name of ["querySelector", "querySelectorAll", "matches", "closest"]) {
      const find = prototype[name]
      if (!find) continue
      prototype[name] = function (selector) {
        if (selectors.some(each => selector.includes(each))) throw new DOMException(selector, "SyntaxError")
        return find.call(this, selector)
      }
    }
}"""

IGNORE_POPOVERS = """for (const name of ["popover", "popovertarget"])
  for (const element of document.querySelectorAll(`[${name}]`)) element.removeAttribute(name)"""


def lacks_newer_features(page):
    page.add_init_script(f"({REMOVE})({json.dumps([NAMES, SELECTORS])})")
    comes_with(page, IGNORE_POPOVERS)
    page.route("**/*.css*", _serve_styles)


def _serve_styles(route):
    response = route.fetch()
    text = response.text()
    for each in SELECTORS + STYLES:
        # Of the same shape, so that @supports finds it unknown as well.
        text = text.replace(each, re.sub(r"[a-z-]+", "unknown", each, count=1))
    route.fulfill(response=response, body=text)


def comes_with(page, change):
    """Change what the server sent, before the page's own script reads it.

    Not the response: Chromium would then not know where the page is from, and refuse its sockets.
    """
    page.add_init_script(f"document.addEventListener('readystatechange', () => {{ {change} }}, {{ once: true }})")


def lacks(page, *names):
    """Without these as well, which no browser of the last three years lacks."""
    page.add_init_script(f"({REMOVE})({json.dumps([names, []])})")


def speaks(page, languages):
    """The languages of the user, as a browser gives them to scripts."""
    value = "undefined" if languages is None else json.dumps(languages)
    page.add_init_script(f"Object.defineProperty(Navigator.prototype, 'languages', {{ get: () => {value} }})")
