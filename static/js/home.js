// The home page: joining and leaving without loading it again.

import { Groups } from "./groups.js"
import { Socket } from "./socket.js"
import { localize } from "./times.js"

const MINUTE = 60_000
const MIDDLE = 1

const list = document.querySelector("#groups")
if (list) follow(list)

function follow(list) {
  const groups = new Groups(list, document.querySelector("#news"))
  const socket = new Socket(list.dataset.socket, listener(groups))
  list.addEventListener("click", event => press(event, groups, socket))
  list.addEventListener("auxclick", event => event.button === MIDDLE && openBeside(event))
  localize(list)
  setInterval(() => localize(list), MINUTE)
  socket.start()
}

function listener(groups) {
  const answers = {
    ready: frame => groups.agree(frame.groups),
    join_group: frame => groups.join(frame.data),
    leave_group: frame => groups.leave(frame.data),
    error: frame => groups.refuse(frame.data, frame.message),
  }
  return {
    query: () => "",
    received(objects) {
      for (const object of objects) answers[object.type]?.(object)
    },
    changed(status) {
      // What was asked may be lost with the connection: the next "ready" tells how it went.
      if (status !== "open") groups.releaseAll()
      if (status === "signed-out") document.querySelector("#session-ended").hidden = false
    },
  }
}

function press(event, groups, socket) {
  const button = event.target.closest(".group_option")
  if (!button) return
  const [verb, uuid] = button.value.split(" ")
  if (verb === "open_group") return openGroup(event, button)
  // Without a connection the form goes its own way.
  if (!socket.isOpen) return
  event.preventDefault()
  groups.hold(button.closest(".group"))
  socket.send({ type: verb, data: uuid })
}

// A form that is sent by GET would add a question mark to the address.
function openGroup(event, button) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return openBeside(event)
  event.preventDefault()
  location.assign(button.form.action)
}

function openBeside(event) {
  const button = event.target.closest(".group_option[value^=open_group]")
  if (!button) return
  event.preventDefault()
  window.open(button.form.action, "_blank", "noopener")
}
