// Of an account's tabs, only the one that holds the lock sends a group's outbox. The browser passes the lock on
// when that tab yields, is closed or dies; from a tab that does not run it must be seized.

export class SendLock {
  #name
  #taken
  #isHeld = false
  /** @type {AbortController | null} */
  #request = null

  /**
   * `taken()` is called whenever this tab gets the lock.
   * @param {string} name
   * @param {() => void} taken
   */
  constructor(name, taken) {
    this.#name = name
    this.#taken = taken
  }

  get isHeld() {
    return this.#isHeld
  }

  /** False if the browser has no locks, as on plain http: each tab then sends its own messages. */
  get isShared() {
    return Boolean(navigator.locks)
  }

  /** Waits for the lock, after all tabs that wait already. */
  seek() {
    if (!this.#request) this.#ask({})
  }

  /** Takes the lock from the tab that holds it. */
  seize() {
    this.yield()
    this.#ask({ steal: true })
  }

  yield() {
    this.#isHeld = false
    this.#request?.abort()
    this.#request = null
  }

  /** @param {LockOptions} how */
  #ask(how) {
    const request = new AbortController()
    this.#request = request
    if (!this.isShared) return this.#take()
    // What steals is granted immediately, so it can't be aborted.
    const options = how.steal ? how : { signal: request.signal }
    navigator.locks.request(this.#name, options, () => this.#hold(request)).catch(error => this.#lost(request, error))
  }

  /** @param {AbortController} request */
  #hold({ signal }) {
    if (signal.aborted) return null
    this.#take()
    return new Promise(release => signal.addEventListener("abort", release))
  }

  #take() {
    this.#isHeld = true
    this.#taken()
  }

  /**
   * @param {AbortController} request
   * @param {DOMException} error
   */
  #lost(request, { name }) {
    // This tab yielded before it got the lock.
    if (request.signal.aborted) return
    // The browser refuses locks here.
    if (name !== "AbortError") return this.#take()
    // Another tab has seized it.
    this.yield()
    this.seek()
  }
}
