// A connection that reconnects by itself. Its address says where to read on, so that the server sends
// what was missed.

import { isFinal, SUBPROTOCOL } from "./protocol.js"

const FIRST_PAUSE = 500
const LONGEST_PAUSE = 15_000
const ANSWER_WITHIN = 15_000
const TICK = 5_000
// Browsers slow the timers of hidden tabs to one a minute: only a longer pause means that the machine slept.
const SLEPT = 90_000
const SERVER_RESTARTS = 1012
/** @type {{ [code: number]: Status }} */
const ENDINGS = { 4401: "signed-out", 4403: "not-member" }

/** @typedef {"connecting" | "open" | "waiting" | "offline" | "signed-out" | "not-member" | "gone" | "ended" | "stopped"} Status */

/**
 * @typedef Listener
 * @property {() => string} query What to append to the path at each connection.
 * @property {(objects: import("./protocol.js").Received[]) => void} received
 * @property {(status: Status) => void} changed
 */

export class Socket {
  #path
  #listener
  /** @type {WebSocket | null} */
  #websocket = null
  /** @type {Status} */
  #status = "connecting"
  #failures = 0
  /** @type {number | undefined} */
  #retry
  /** @type {number | undefined} */
  #deadline
  #lastTick = Date.now()

  /**
   * @param {string} path
   * @param {Listener} listener
   */
  constructor(path, listener) {
    this.#path = path
    this.#listener = listener
  }

  start() {
    addEventListener("online", () => this.#wake())
    addEventListener("offline", () => this.#closed(0))
    addEventListener("pageshow", () => this.#wake())
    document.addEventListener("visibilitychange", () => document.hidden || this.#wake())
    setInterval(() => this.#tick(), TICK)
    this.#connect()
  }

  // A closing socket is not open any more, but its close event comes later.
  get isOpen() {
    return this.#status === "open" && this.#websocket?.readyState === WebSocket.OPEN
  }

  /** @param {object} frame */
  send(frame) {
    this.#websocket?.send(JSON.stringify(frame))
    // Every message is answered. Silence means that the connection is dead.
    this.#deadline ??= setTimeout(() => this.renew(), ANSWER_WITHIN)
  }

  /** Drops the connection, even if it looks open, and reconnects immediately. */
  renew() {
    if (!this.#hasEnded) this.#connect()
  }

  /** Ends the connection for good: the page is about to be loaded again. */
  stop() {
    this.#end("stopped")
  }

  get #hasEnded() {
    return ["signed-out", "not-member", "gone", "ended", "stopped"].includes(this.#status)
  }

  #connect() {
    // An attempt begun without a network may still be under way when the network returns.
    this.#drop()
    // Without a network this attempt most likely fails: the status stays "offline".
    if (navigator.onLine) this.#change("connecting")
    const websocket = new WebSocket(this.#address, SUBPROTOCOL)
    this.#websocket = websocket
    this.#deadline = setTimeout(() => this.#closed(0), ANSWER_WITHIN)
    let opened = false
    websocket.onopen = () => {
      opened = true
      this.#opened()
    }
    websocket.onmessage = ({ data }) => this.#isCurrent(websocket) && this.#received(JSON.parse(data))
    websocket.onclose = ({ code }) => {
      if (!this.#isCurrent(websocket)) return
      this.#closed(code)
      if (!opened) this.#askWhy()
    }
  }

  get #address() {
    const url = new URL(this.#path + this.#listener.query(), location.href)
    url.protocol = url.protocol.replace("http", "ws")
    return url
  }

  /** @param {WebSocket} websocket */
  #isCurrent(websocket) {
    return websocket === this.#websocket
  }

  #opened() {
    this.#forgetDeadline()
    this.#change("open")
  }

  /** @param {import("./protocol.js").Received[]} objects */
  #received(objects) {
    this.#forgetDeadline()
    this.#failures = 0
    this.#listener.received(objects)
  }

  /** @param {number} code */
  #closed(code) {
    if (this.#hasEnded) return
    if (isFinal(code)) return this.#end(ENDINGS[code] ?? "ended")
    this.#drop()
    this.#change(navigator.onLine ? "waiting" : "offline")
    this.#retry = setTimeout(() => this.#connect(), this.#pause(code))
    this.#failures += 1
  }

  /** @param {Status} status */
  #end(status) {
    this.#drop()
    this.#change(status)
  }

  #drop() {
    clearTimeout(this.#retry)
    this.#forgetDeadline()
    const websocket = this.#websocket
    this.#websocket = null
    websocket?.close()
  }

  #forgetDeadline() {
    clearTimeout(this.#deadline)
    this.#deadline = undefined
  }

  /**
   * Random, so that not all readers return to a restarted server at the same moment.
   * @param {number} code
   */
  #pause(code) {
    if (code === SERVER_RESTARTS && this.#failures === 0) return Math.random() * 1_000
    const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.#failures)
    return longest * (0.5 + Math.random() / 2)
  }

  // Scripts can't read why a handshake was refused. The page at the same path says it.
  async #askWhy() {
    const answer = await fetch(this.#path, { method: "HEAD", redirect: "manual" }).catch(() => null)
    if (answer === null || this.isOpen) return
    if (answer.type === "opaqueredirect") this.#end("signed-out")
    if (answer.status === 403) this.#end("not-member")
    if (answer.status === 404) this.#end("gone")
  }

  #wake() {
    if (this.#status === "waiting" || this.#status === "offline") this.#connect()
    else this.#tick()
  }

  // After the machine slept, a dead socket may look open for many minutes. Only the time of day goes on while it sleeps,
  // in every browser. Where it was set ahead instead, the socket is renewed once for nothing.
  #tick() {
    const now = Date.now()
    const slept = now - this.#lastTick > SLEPT
    this.#lastTick = now
    if (slept) this.renew()
  }

  /** @param {Status} status */
  #change(status) {
    if (this.#status === status) return
    this.#status = status
    this.#listener.changed(status)
  }
}
