// The rows of the home page, each with the buttons that apply.

export class Groups {
  #list
  #news

  constructor(list, news) {
    this.#list = list
    this.#news = news
  }

  /** Makes every row agree with the groups the person is in. */
  agree(uuids) {
    const joined = new Set(uuids)
    for (const row of this.#list.querySelectorAll(".group")) {
      this.#set(row, joined.has(row.id))
      this.release(row)
    }
  }

  join(uuid) {
    this.#answer(uuid, true)
  }

  leave(uuid) {
    this.#answer(uuid, false)
  }

  refuse(uuid, message) {
    const row = this.#row(uuid)
    if (!row) return this.releaseAll()
    this.release(row)
    this.#say(row, message)
  }

  /** One click asks once: the row's buttons rest until the answer. */
  hold(row) {
    row.dataset.focused = row.contains(document.activeElement)
    this.#say(row, "")
    for (const button of row.querySelectorAll("button")) button.disabled = true
  }

  release(row) {
    for (const button of row.querySelectorAll("button")) button.disabled = false
    this.#refocus(row)
    delete row.dataset.focused
  }

  releaseAll() {
    for (const row of this.#list.querySelectorAll(".group[data-focused]")) this.release(row)
  }

  #answer(uuid, isMember) {
    const row = this.#row(uuid)
    if (!row) return
    const hasChanged = this.#set(row, isMember)
    this.release(row)
    if (hasChanged)
      this.#news.textContent = `${isMember ? "Joined" : "Left"} ${row.querySelector(".group-name").textContent}`
  }

  #row(uuid) {
    return this.#list.querySelector(`.group[id="${CSS.escape(uuid)}"]`)
  }

  #set(row, isMember) {
    if ("member" in row.dataset === isMember) return false
    row.toggleAttribute("data-member", isMember)
    this.#swapButtons(row, isMember)
    this.#link(row, isMember)
    count(row.querySelector(".group-members"), isMember ? 1 : -1)
    return true
  }

  #swapButtons(row, isMember) {
    const actions = row.querySelector(".group-actions")
    row.dataset.focused ??= actions.contains(document.activeElement)
    const template = document.querySelector(isMember ? "#member-actions" : "#stranger-actions")
    actions.replaceChildren(fill(template.content.cloneNode(true), row.id))
  }

  #link(row, isMember) {
    const name = row.querySelector(".group-name")
    if (isMember) name.href = row.dataset.href
    else name.removeAttribute("href")
  }

  // The button that was pressed may be gone or was disabled; only a focus lost that way is given back.
  #refocus(row) {
    if (row.dataset.focused !== "true" || document.activeElement !== document.body) return
    const next = row.querySelector(".group-actions .strong") ?? row.querySelector(".group-actions button")
    next.focus()
  }

  #say(row, message) {
    const error = row.querySelector(".group-error")
    error.textContent = message
    error.hidden = !message
  }
}

function fill(fragment, uuid) {
  for (const element of fragment.querySelectorAll("*"))
    for (const attribute of element.attributes) attribute.value = attribute.value.replaceAll("{uuid}", uuid)
  return fragment
}

function count(element, difference) {
  const members = Number(element.dataset.members) + difference
  element.dataset.members = members
  element.textContent = members === 1 ? "1 member" : `${members} members`
}
