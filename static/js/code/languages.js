// How the tokenizer sees each language: rules in the order in which they are tried, of which one matches at a place.
//
// Every rule takes time in proportion to what it matches, whatever the text: what opens a string or comment matches
// to the end of the text where nothing closes it, and what may fail has a limit, or fails at the next sign like its first.

/** @typedef {"comment" | "string" | "number" | "keyword" | "name" | "added" | "removed"} Kind */
/**
 * Also: a language that is inside, or what decides by the match, the text and the place after it.
 * @typedef {Kind | Language | ((match: string, text: string, end: number) => Kind | null)} Meaning
 */
/** @typedef {{ pattern: RegExp, meanings: Meaning[] }} Language */

const END = "(?![^])"
const WORD = "[A-Za-z_$\\u0080-\\uffff][\\w$\\u0080-\\uffff]*"
const NUMBER = "\\d[\\w.]*(?:(?<=[eE])[+-]\\d+)?"
const HASH = "(?<![^\\s;(])#.*"
const SLASHES = `//.*|/\\*[^]*?(?:\\*/|${END})`
const DOUBLE = '"(?:\\\\[^]|[^"\\\\\\n])*"?'
const SINGLE = "'(?:\\\\[^]|[^'\\\\\\n])*'?"
const CHARACTER = "'(?:\\\\.[^'\\n]{0,10}|[^\\\\'\\n])'"
const BACKTICKS = "`(?:\\\\[^]|[^\\x60\\\\])*`?"
const TRIPLE = `[rbfuRBFU]{0,2}(?:"""(?:\\\\[^]|[^\\\\])*?(?:"""|${END})|'''(?:\\\\[^]|[^\\\\])*?(?:'''|${END}))`
// After what no division can follow.
const REGEXP =
  "(?<=[=(,:[!&|?{};]\\s?)/(?![/*])(?:\\\\.|\\[(?:\\\\.|[^\\]\\\\\\n]){0,50}\\]|[^/\\\\[\\n]){1,200}/[a-z]*"

const C =
  "auto bool break case catch char class const constexpr continue default delete do double else enum explicit extern " +
  "false float for friend goto if inline int long namespace new noexcept nullptr NULL operator override private protected " +
  "public return short signed sizeof static struct switch template this throw true try typedef typename union unsigned using " +
  "virtual void volatile while"
const JAVA =
  "abstract as async await base bool boolean break byte case catch char class const continue decimal default do " +
  "double else enum event extends final finally float for foreach fun get if implements import in instanceof int interface " +
  "internal is let long namespace new null object out override package params partial private protected public readonly " +
  "record ref return sealed set short static string struct super switch synchronized this throw throws true false try " +
  "typeof uint ulong using val var virtual void volatile when where while yield"
const GO =
  "any bool break byte case chan const continue default defer else error fallthrough false float32 float64 for func " +
  "go goto if import int int32 int64 interface iota map nil package range return rune select string struct switch true type " +
  "uint uint32 uint64 var"
const RUST =
  "as async await bool box break char const continue crate dyn else enum extern f32 f64 false fn for i32 i64 i8 " +
  "if impl in let loop match mod move mut pub ref return self Self static str struct super trait true type u32 u64 u8 " +
  "unsafe use usize where while"
const JAVASCRIPT =
  "abstract any as async await boolean break case catch class const continue debugger declare default delete " +
  "do else enum export extends false finally for from function if implements import in instanceof interface keyof let never " +
  "new null number of private protected public readonly return satisfies static string super switch this throw true try " +
  "type typeof undefined unknown var void while with yield"
const PYTHON =
  "and as assert async await break case class continue def del elif else except False finally for from global " +
  "if import in is lambda match None nonlocal not or pass raise return self True try while with yield"
const RUBY =
  "alias and begin break case class def defined do else elsif end ensure extend false for if in include module next " +
  "nil not or private protected public raise redo require require_relative rescue retry return self super then true undef " +
  "unless until when while yield"
const SHELL =
  "alias break case cd continue do done echo elif else esac eval exec exit export false fi for function if in local " +
  "read readonly return set shift source sudo then trap true unset until while"
const SQL =
  "add all alter and as asc begin between by cascade case check column commit constraint create cross database " +
  "default delete desc distinct drop else end exists explain false foreign from full function grant group having if in index " +
  "inner insert into is join key left like limit not null offset on or order outer over partition primary references " +
  "returning right rollback select set table then true truncate union unique update using values view when where with"
const CONSTANTS = "true false null yes no on off"

/**
 * What of these words are keywords.
 * @param {string} list
 * @returns {Meaning}
 */
function keywords(list, isAnyCase = false) {
  const known = new Set(list.split(" "))
  return word => (known.has(isAnyCase ? word.toLowerCase() : word) ? "keyword" : null)
}

/**
 * A name if a colon follows.
 * @param {Meaning} otherwise
 * @returns {Meaning}
 */
function key(otherwise) {
  return (match, text, end) => {
    if (text[end] === ":") return "name"
    return typeof otherwise === "function" ? otherwise(match, text, end) : /** @type {Kind} */ (otherwise)
  }
}

/**
 * @param {...[string, Meaning]} rules
 * @returns {Language}
 */
function language(...rules) {
  return {
    pattern: new RegExp(rules.map(([source]) => `(${source})`).join("|"), "gm"),
    meanings: rules.map(([, meaning]) => meaning),
  }
}

/**
 * @param {string} words
 * @param {...[string, Meaning]} first Rules that are tried before the others.
 */
function likeC(words, ...first) {
  return language([SLASHES, "comment"], ...first, [DOUBLE, "string"], [WORD, keywords(words)], [NUMBER, "number"])
}

const attributes = language([`${DOUBLE}|'[^']*'?`, "string"], ["^</?[\\w:.-]+|/?>$", "keyword"], ["[\\w:@.-]+", "name"])
const PREPROCESSOR = /** @type {[string, Kind]} */ (["^[ \\t]*#[ \\t]*\\w+", "keyword"])
const QUOTED = /** @type {[string, Kind]} */ ([`${DOUBLE}|${SINGLE}`, "string"])

/** @type {[string, Language][]} By all their names. */
const LANGUAGES = [
  [
    "javascript js jsx mjs cjs node typescript ts tsx",
    likeC(JAVASCRIPT, [`${SINGLE}|${BACKTICKS}`, "string"], [REGEXP, "string"]),
  ],
  ["c h c++ cpp cc cxx hpp objc", likeC(C, PREPROCESSOR, [CHARACTER, "string"])],
  ["java c# cs csharp kotlin kt scala swift dart", likeC(JAVA, PREPROCESSOR, [CHARACTER, "string"], ["@\\w+", "name"])],
  ["go golang", likeC(GO, [`${CHARACTER}|${BACKTICKS}`, "string"])],
  ["rust rs", likeC(RUST, [CHARACTER, "string"], ["#!?\\[[^\\]\\n]*\\]?|\\w+!(?!=)", "name"])],
  [
    "python py py3 python3 pyi pycon",
    language(
      ["#.*", "comment"],
      [`${TRIPLE}|[rbfuRBFU]{0,2}(?:${DOUBLE}|${SINGLE})`, "string"],
      ["@[\\w.]+", "name"],
      [WORD, keywords(PYTHON)],
      [NUMBER, "number"],
    ),
  ],
  [
    "ruby rb",
    language(
      [`#.*|^=begin[^]*?(?:^=end|${END})`, "comment"],
      [`${DOUBLE}|${SINGLE}|${BACKTICKS}`, "string"],
      ["(?<![:\\w]):[A-Za-z_]\\w*[?!]?|@{1,2}\\w+", "name"],
      [WORD, keywords(RUBY)],
      [NUMBER, "number"],
    ),
  ],
  [
    "shell sh bash zsh fish console shellsession shell-session dockerfile",
    language(
      [HASH, "comment"],
      ["\"(?:\\\\[^]|[^\"\\\\])*\"?|'[^']*'", "string"],
      ["\\$(?:\\w+|\\{[^}\\n]*\\}?|[@#?*!$-])", "name"],
      ["[\\w.-]+", keywords(SHELL)],
    ),
  ],
  [
    "sql postgres postgresql psql mysql sqlite",
    language(
      [`--.*|/\\*[^]*?(?:\\*/|${END})`, "comment"],
      ["'[^']*'?", "string"],
      ['"[^"\\n]*"?|`[^\\x60\\n]*`?', "name"],
      [WORD, keywords(SQL, true)],
      [NUMBER, "number"],
    ),
  ],
  [
    "html xml svg xhtml vue jinja",
    language(
      [`<!--[^]*?(?:-->|${END})`, "comment"],
      ["<[!?][^>]*>?", "keyword"],
      ["</?[A-Za-z](?:\"[^\"]*\"?|'[^']*'?|[^\"'>])*>?", attributes],
      ["&#?\\w{1,31};", "number"],
    ),
  ],
  [
    "css scss less",
    language(
      [`/\\*[^]*?(?:\\*/|${END})`, "comment"],
      QUOTED,
      ["@[\\w-]+|![a-z]+", "keyword"],
      ["#[\\da-fA-F]{3,8}\\b|[\\d.]+(?:[a-z]+|%)?", "number"],
      ["[\\w-]+", key((_word, text, end) => (text.startsWith(" :", end) ? "name" : null))],
    ),
  ],
  [
    "json jsonc json5",
    language(
      [SLASHES, "comment"],
      [`${DOUBLE}|${SINGLE}`, key((_word, text, end) => (text.startsWith(" :", end) ? "name" : "string"))],
      [WORD, keywords(CONSTANTS)],
      [`-?${NUMBER}`, "number"],
    ),
  ],
  [
    "yaml yml",
    language(
      [HASH, "comment"],
      ["^[ \\t]*(?:- +)*[^\\s#:'\"-][^:#\\n]*(?=:(?:\\s|$))", "name"],
      [`(?<![\\w])(?:${DOUBLE}|${SINGLE})`, key("string")],
      ["[&*!][\\w!/]+", "keyword"],
      ["[A-Za-z_][\\w.-]*", keywords(CONSTANTS)],
      [NUMBER, "number"],
    ),
  ],
  [
    "toml ini conf cfg",
    language(
      [`${HASH}|^;.*`, "comment"],
      ["^\\[.*", "keyword"],
      ["^[\\w.-]+(?= ?=)", "name"],
      [`${TRIPLE}|${DOUBLE}|${SINGLE}`, "string"],
      [WORD, keywords(CONSTANTS)],
      [NUMBER, "number"],
    ),
  ],
  [
    "diff patch",
    language(
      ["^(?:diff|index|new|deleted|similarity|rename|---|\\+\\+\\+) .*", "comment"],
      ["^@@.*", "keyword"],
      ["^\\+.*", "added"],
      ["^-.*", "removed"],
    ),
  ],
  [
    "markdown md",
    language(
      [`^\\x60{3}[^]*?(?:^\\x60{3}|${END})|\\x60[^\\x60\\n]+\\x60`, "string"],
      ["^#{1,6} .*|^[ \\t]*(?:[-*+]|\\d{1,9}\\.)(?= )", "keyword"],
      [`^>.*|<!--[^]*?(?:-->|${END})`, "comment"],
      ["!?\\[[^[\\]\\n]*\\]\\([^()\\n]*\\)", "name"],
      ["\\*\\*[^*\\n]+\\*\\*", "keyword"],
    ),
  ],
]

const BY_NAME = new Map(LANGUAGES.flatMap(([names, found]) => names.split(" ").map(name => [name, found])))

/**
 * @param {string} name As people write it after the fence.
 * @returns {Language | undefined}
 */
export function languageOf(name) {
  return BY_NAME.get(name.toLowerCase())
}
