// Presses of reactions' chips. What is wanted is sent as a state, never as a toggle, and shown until the log has it. What
// can't be sent now is sent once there is a connection; a page that is closed before forgets it.

import { isPassing } from "../connection/protocol.js"
import { newId } from "../shared/ids.js"
import { emojiOf } from "./reactions.js"

const SECOND = 1_000

/** @typedef {import("../connection/protocol.js").React & { seq?: number }} Wanted With its seq once acknowledged. */

export class Reacting {
  #reactions
  #send
  #explain
  /** @type {Map<string, Wanted>} By message and emoji, only the last of each. */
  #wanted = new Map()

  /**
   * @param {import("./reactions.js").Reactions} reactions
   * @param {(command: import("../connection/protocol.js").React) => void} send If there is a connection.
   * @param {(text: string) => void} explain Shows why a reaction was taken back, until the next one: then empty.
   */
  constructor(reactions, send, explain) {
    this.#reactions = reactions
    this.#send = send
    this.#explain = explain
  }

  /** @param {HTMLElement} chip */
  press(chip) {
    const target = Number(chip.closest("[data-seq]")?.getAttribute("data-seq"))
    const on = chip.getAttribute("aria-pressed") !== "true"
    this.#want({ type: "react", target, emoji: emojiOf(chip), on, client_id: newId() })
  }

  /**
   * Follows an entry of the log.
   * @param {HTMLElement} row
   * @param {import("../connection/protocol.js").Reaction} reaction
   */
  follow(row, reaction) {
    this.#reactions.follow(row, reaction, this.#wanted.get(keyOf(reaction))?.on)
  }

  /** @param {import("../connection/protocol.js").Ack} ack */
  acknowledged({ client_id, seq }) {
    const wanted = this.#find(client_id)
    if (wanted) this.#wanted.set(keyOf(wanted), { ...wanted, seq })
  }

  /** @param {import("../connection/protocol.js").Refusal} refusal */
  refused({ client_id, code, message, retry_after = 1 }) {
    const wanted = this.#find(client_id)
    if (!wanted) return
    if (isPassing(code)) return void setTimeout(() => this.#sendAgain(wanted), retry_after * SECOND)
    this.#forget(wanted)
    this.#explain(`Your reaction was not saved. ${message}`)
  }

  /**
   * The log has been followed up to `last`: it says now what was acknowledged up to there.
   * @param {number} last
   */
  settle(last) {
    for (const wanted of this.#wanted.values()) if ((wanted.seq ?? Infinity) <= last) this.#forget(wanted)
  }

  /** Sends what was not answered before the connection was lost, if it was sent: the server knows it by its id. */
  resume() {
    for (const { seq, ...command } of this.#wanted.values()) if (!seq) this.#send(command)
  }

  /** Takes back what was not acknowledged: no answer can come any more. */
  giveUp() {
    for (const wanted of this.#wanted.values()) if (!wanted.seq) this.#forget(wanted)
  }

  /** @param {Wanted} wanted */
  #sendAgain(wanted) {
    if (this.#wanted.get(keyOf(wanted)) === wanted) this.#send(wanted)
  }

  /** @param {import("../connection/protocol.js").React} command */
  #want(command) {
    this.#wanted.set(keyOf(command), command)
    this.#show(command)
    this.#explain("")
    this.#send(command)
  }

  /** @param {Wanted} wanted */
  #forget(wanted) {
    this.#wanted.delete(keyOf(wanted))
    this.#show(wanted)
  }

  /** @param {Wanted} wanted */
  #show(wanted) {
    const row = document.getElementById(`seq-${wanted.target}`)
    if (row) this.#reactions.show(row, wanted.emoji, this.#wanted.get(keyOf(wanted))?.on)
  }

  /** @param {string} [client_id] */
  #find(client_id) {
    return [...this.#wanted.values()].find(wanted => wanted.client_id === client_id)
  }
}

/** @param {{ target: number, emoji: string }} reaction */
function keyOf({ target, emoji }) {
  return `${target} ${emoji}`
}
