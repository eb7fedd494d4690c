// As much of a browser's storage as our modules use.

/** @returns What localStorage and sessionStorage are in the place of. */
export function storage() {
  const values = new Map()
  const methods = {
    getItem: key => values.get(key) ?? null,
    setItem: (key, value) => values.set(key, value),
    removeItem: key => values.delete(key),
  }
  const describe = () => ({ enumerable: true, configurable: true })
  return new Proxy(methods, { ownKeys: () => [...values.keys()], getOwnPropertyDescriptor: describe })
}
