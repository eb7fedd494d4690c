import assert from "node:assert/strict"
import { test } from "node:test"
import { piecesOf, RunSummary } from "../../static/js/log/run-summary.js"
import runs from "../corpus/runs.json" with { type: "json" }

for (const { events, line } of runs) {
  test(`the line of a run: ${line}`, () => {
    assert.equal(lineOf(events), line)
  })
}

test("only names are marked as such", () => {
  const summary = summaryOf([
    ["alice", "joined"],
    ["left", "left"],
  ])

  assert.deepEqual(piecesOf(summary.parts), [{ name: "alice" }, " joined", " · ", { name: "left" }, " left"])
})

test("a run that grows has the line of one that was read whole", () => {
  const growing = new RunSummary()
  for (const [index, [name, kind]] of Object.entries(LONG)) {
    growing.add(name, kind)
    assert.deepEqual(growing.parts, summaryOf(LONG.slice(0, Number(index) + 1)).parts)
  }
})

test("a run of 20,000 takes as long for each event as one of a few", () => {
  const summary = new RunSummary()
  const start = performance.now()

  for (let n = 0; n < 20_000; n += 1) {
    summary.add(`person${n}`, "joined")
    piecesOf(summary.parts)
  }

  assert.ok(performance.now() - start < 2_000)
  assert.equal(summary.parts[0].others, 19_998)
})

const LONG = [..."+a+b-a-c+d+a-b+c-d-a+e"].flatMap((sign, index, all) =>
  index % 2 ? [] : [[all[index + 1], sign === "+" ? "joined" : "left"]],
)

function summaryOf(events) {
  const summary = new RunSummary()
  for (const [name, kind] of events) summary.add(name, kind)
  return summary
}

function lineOf(events) {
  return piecesOf(summaryOf(events).parts)
    .map(piece => (typeof piece === "string" ? piece : piece.name))
    .join("")
}
