/** An id that nobody else has. Browsers have no randomUUID on plain http, as on a local network. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID()
  return crypto.getRandomValues(new Uint32Array(4)).reduce((id, word) => id + word.toString(16).padStart(8, "0"), "")
}
