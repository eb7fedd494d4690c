import assert from "node:assert/strict"
import { test } from "node:test"
import { tokens } from "../../static/js/code/tokenizer.js"

const LANGUAGES = "js c java go rust python ruby sh sql html css json yaml toml diff markdown".split(" ")
const ALIASES = "ts jsx c++ c# kotlin py rb bash console postgresql xml svg scss jsonc yml ini patch md".split(" ")
const LONG = 50_000 // characters: five times a message
// For which a rule that looks twice at the same text would take minutes.
const HOSTILE = [
  ...["a", " ", "\n", "\t", "1", "-", "'", '"', "`", "/", "*", "\\", "<", "&", "[", "#", ":", "- ", "{", "$", "@", "_"],
  ...[
    "/*",
    "*/",
    "<!--",
    "<a ",
    "</",
    "<![",
    '"""',
    "'''",
    '\\"',
    "\\'",
    "${",
    "$(",
    "=/",
    "=/[",
    "=/\\",
    "!= /",
    "r'",
  ],
  ...[
    "- -",
    "-  ",
    "a:",
    "a :",
    "a =",
    "[](",
    "[a](",
    "**a",
    "**",
    "```",
    "``` ",
    "`a",
    "=begin",
    "@@",
    "1e",
    "1e+",
    "1.",
    "a!",
  ],
  ...[
    "#a",
    "--a",
    "-1",
    "é",
    "👍",
    ":a",
    "::",
    "&#",
    "a\\",
    '"a\n',
    "'a\n",
    "\n- ",
    "\n#",
    "\n    ",
    "\n\t-",
    "x y ",
    '"\\\n',
  ],
]
const SAID = {
  js: [
    ["const a = `b $c` // d", "keyword const, string `b $c`, comment // d"],
    ["x = y.replace(/\"'/g, '\\'') / 2", "string /\"'/g, string '\\'', number 2"],
    ["/* a\n*/ isNew(newest)", "comment /* a\n*/"],
  ],
  ts: [["interface A { b: string }", "keyword interface, keyword string"]],
  c: [["#include <a>\nint a = 'b'; // c", "keyword #include, keyword int, string 'b', comment // c"]],
  java: [['@Override public String a = "b\\"c";', 'name @Override, keyword public, string "b\\"c"']],
  go: [["func a() { return `b\nc` }", "keyword func, keyword return, string `b\nc`"]],
  rust: [["fn a<'b>(c: &'b str) { print!('d') }", "keyword fn, keyword str, name print!, string 'd'"]],
  python: [
    ['@a.b\ndef c():\n  """d\n"e" """', 'name @a.b, keyword def, string """d\n"e" """'],
    ["f'a' + rb\"b\" # 'c'", "string f'a', string rb\"b\", comment # 'c'"],
    ["1_000 + 0x1F + 1.5e-3", "number 1_000, number 0x1F, number 1.5e-3"],
  ],
  ruby: [['puts :a, "#{b}" if @c # d', 'name :a, string "#{b}", keyword if, name @c, comment # d']],
  sh: [[`echo "$a" \${b} 'c' # d#e`, `keyword echo, string "$a", name \${b}, string 'c', comment # d#e`]],
  sql: [
    [
      "SELECT a FROM b -- c\nwhere d = 'it''s'",
      "keyword SELECT, keyword FROM, comment -- c, keyword where, string 'it', string 's'",
    ],
  ],
  html: [
    [
      '<a href="b" c>d</a><!-- e -->&amp;',
      'keyword <a, name href, string "b", name c, keyword >, keyword </a, keyword >, comment <!-- e -->, number &amp;',
    ],
    ["a < b", ""],
  ],
  css: [
    [
      "a { color: #fff; margin: 1.5px !important } /* b */",
      "name color, number #fff, name margin, number 1.5px, keyword !important, comment /* b */",
    ],
  ],
  json: [['{"a": "b", "c" : [-1, true]}', 'name "a", string "b", name "c", number -1, keyword true']],
  yaml: [
    ["- a: 'b' # c\n  d: it's\n  e: true\n", "name - a, string 'b', comment # c, name   d, name   e, keyword true"],
  ],
  toml: [['[a]\nb = "c" # d', 'keyword [a], name b, string "c", comment # d']],
  diff: [
    ["--- a\n+++ b\n@@ -1 @@\n-c\n+d\n e", "comment --- a, comment +++ b, keyword @@ -1 @@, removed -c, added +d"],
  ],
  markdown: [["# a\n- `b` [c](d)\n> e", "keyword # a, keyword -, string `b`, name [c](d), comment > e"]],
}

const said = (text, language) =>
  tokens(text, language)
    .map(({ start, end, kind }) => `${kind} ${text.slice(start, end)}`)
    .join(", ")

for (const [language, samples] of Object.entries(SAID)) {
  for (const [text, expected] of samples) {
    test(`${language}: ${JSON.stringify(text)}`, () => {
      assert.equal(said(text, language), expected)
    })
  }
}

test("a language has its other names, in any case", () => {
  assert.equal(said("class A", "TypeScript"), "keyword class")
  assert.deepEqual(
    [...LANGUAGES, ...ALIASES].filter(name => tokens('class if "a": <a>\n+b\n# c', name).length === 0),
    [],
  )
})

test("a language that is not known has no tokens", () => {
  for (const name of ["", "klingon", "constructor", "__proto__"]) assert.deepEqual(tokens("if (a) 1", name), [])
})

test("what nothing closes goes on to its line's or the text's end", () => {
  assert.equal(said("a = 'b\nif", "js"), "string 'b, keyword if")
  assert.equal(said("/* b\nif", "js"), "comment /* b\nif")
})

for (const language of LANGUAGES) {
  test(`${language}: tokens follow each other, whatever the text`, () => {
    const text = HOSTILE.join("").repeat(3)
    let last = 0
    for (const { start, end } of tokens(text, language)) {
      assert.ok(last <= start && start < end && end <= text.length)
      last = end
    }
  })

  test(`${language}: no text takes more than its length`, () => {
    for (const opening of ["", "=/", "<a "]) {
      for (const part of HOSTILE) {
        const text = (opening + part.repeat(LONG / part.length)).slice(0, LONG)
        const start = process.cpuUsage()
        tokens(text, language)
        const took = process.cpuUsage(start).user / 1000
        assert.ok(took < 500, `${JSON.stringify(part)} took ${took} ms`)
      }
    }
  })
}
