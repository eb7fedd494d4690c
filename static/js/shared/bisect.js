// Searching what is in order.

/**
 * The index of the first of these for which this is so, as it is for all after it; their number if there is none.
 * @template Each
 * @param {Each[]} all
 * @param {(each: Each) => boolean} isSo
 */
export function indexOfFirst(all, isSo) {
  let [from, to] = [0, all.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if (isSo(all[middle])) to = middle
    else from = middle + 1
  }
  return from
}
