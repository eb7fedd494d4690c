// The administration's pages work without this: it suggests names while one types, and selects all rows.

const PAUSE = 150 // milliseconds without a key before the server is asked

function suggest(input) {
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
      if (response.ok) show((await response.json()).results)
    } catch {
      // Overtaken by the next key, or offline: the name can still be typed.
    }
  }

  function show(results) {
    input.list.replaceChildren(...results.map(({ id, text }) => new Option(text, id)))
  }
}

function selectAll(box) {
  box.hidden = false
  box.addEventListener("change", () => {
    for (const each of box.form.querySelectorAll("[name=pks]")) each.checked = box.checked
  })
}

document.querySelectorAll("[data-lookup]").forEach(suggest)
document.querySelectorAll("#select-all").forEach(selectAll)
