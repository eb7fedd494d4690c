import assert from "node:assert/strict"
import { test } from "node:test"
import { followRank, outranks } from "../../static/js/log/ranks.js"

function pageOf(rank, ranks, isSuperuser = false) {
  return { dataset: { rank, ...(ranks && { ranks }) }, querySelector: () => (isSuperuser ? {} : null) }
}

test("a moderator outranks members and those who left, no moderators and owners", () => {
  const { dataset } = pageOf("1", '{"bob": 2, "mona": 1}')

  assert.deepEqual(
    ["carl", "mona", "bob", "__proto__", "toString"].map(name => outranks(dataset, name)),
    [true, false, false, true, true],
  )
})

test("members outrank nobody, owners everybody else", () => {
  const ranks = '{"bob": 2, "mona": 1}'

  assert.equal(outranks(pageOf("0", ranks).dataset, "carl"), false)
  assert.deepEqual(
    ["carl", "mona", "bob"].map(name => outranks(pageOf("2", ranks).dataset, name)),
    [true, true, false],
  )
})

test("where no ranks are named, nobody is outranked", () => {
  assert.equal(outranks(pageOf("2").dataset, "carl"), false)
})

test("a member is promoted and demoted again", () => {
  const page = pageOf("1", '{"bob": 2}')

  followRank(page, "mona", { change: "role", target_user: "carl", value: "moderator" })
  assert.equal(outranks(page.dataset, "carl"), false)
  followRank(page, "mona", { change: "role", target_user: "carl", value: "member" })

  assert.equal(outranks(page.dataset, "carl"), true)
})

test("a group that was handed over has another owner", () => {
  const page = pageOf("1", "{}")

  followRank(page, "mona", { change: "handed_over", target_user: "carl" })

  assert.deepEqual(JSON.parse(page.dataset.ranks), { carl: 2 })
})

test("the user's own rank changes, but not a superuser's", () => {
  const [page, superuser] = [pageOf("2", "{}"), pageOf("2", "{}", true)]

  for (const each of [page, superuser])
    followRank(each, "mona", { change: "role", target_user: "mona", value: "moderator" })

  assert.deepEqual([page.dataset.rank, superuser.dataset.rank], ["1", "2"])
})

test("another change and an unknown role change nothing", () => {
  const page = pageOf("1", '{"bob": 2}')

  followRank(page, "mona", { change: "renamed", value: "member" })
  followRank(page, "mona", { change: "role", target_user: "bob", value: "janitor" })

  assert.equal(page.dataset.ranks, '{"bob": 2}')
})
