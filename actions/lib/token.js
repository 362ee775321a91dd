// @ts-check
/**
 * One character as text may write it: plain, or escaped in one of the ways of JSON, shells, URLs and HTML.
 *
 * `host-runner/src/command/redact/token.rs` is the same in Rust.
 */

export const ESCAPE = 27
export const BACKSLASH = 92
/** Bytes that no token exceeds: an escape that was escaped three times over. */
const TOKEN_MAX = 64
/** Bytes of a sequence that a terminal does not show at most. */
const INVISIBLE_MAX = 256

/**
 * What some bytes of text stand for.
 * @typedef {{length: number, bytes: number[]}} Token
 */

/** Bytes with which a longer token can begin: `\`, `%`, `&`, `+` and the quotes. */
const ESCAPES = new Set([...Buffer.from('\\%&+\'"')])

/** @param {number} byte */
export const escapes = (byte) => ESCAPES.has(byte)

/** @type {Record<string, number>} */
const LETTERS = { n: 10, r: 13, t: 9, b: 8, f: 12, v: 11, a: 7, e: ESCAPE, E: ESCAPE }
/** @type {Record<string, string>} */
const ENTITIES = { 'amp;': '&', 'lt;': '<', 'gt;': '>', 'quot;': '"', 'apos;': "'" }

/**
 * The byte as it is.
 * @param {Buffer} text
 * @param {number} at
 * @returns {Token[]}
 */
export function plain(text, at) {
  const byte = text[at]
  return byte === undefined ? [] : [{ length: 1, bytes: [byte] }]
}

/**
 * All that the text at `at` may stand for.
 * @param {Buffer} text
 * @param {number} at
 * @returns {Token[]}
 */
export function all(text, at) {
  const tokens = plain(text, at)
  if (!escapes(text[at] ?? 0)) return tokens
  const rest = text.toString('latin1', at, at + TOKEN_MAX)
  switch (rest[0]) {
    case '\\':
      return [...tokens, ...backslash(rest)]
    case '%':
      return [...tokens, ...percent(rest)]
    case '&':
      return [...tokens, ...entity(rest)]
    case '+':
      return [...tokens, { length: 1, bytes: [32] }]
    default:
      return [...tokens, ...quoted(rest)]
  }
}

/**
 * @param {number} length
 * @param {number} byte
 * @returns {Token[]}
 */
const byteOf = (length, byte) => (byte < 256 ? [{ length, bytes: [byte] }] : [])

/**
 * @param {number} length
 * @param {number} number
 * @returns {Token[]}
 */
function character(length, number) {
  if (number > 0x10ffff || (number >= 0xd800 && number <= 0xdfff)) return []
  return [{ length, bytes: [...Buffer.from(String.fromCodePoint(number))] }]
}

/**
 * `\n`, `\/`, `\xHH`, `\uHHHH`, `\UHHHHHHHH`, `\u{H}`, `\NNN`, and each of them escaped again.
 * @param {string} rest
 */
function backslash(rest) {
  const run = /^\\{1,15}/.exec(rest)?.[0].length ?? 0
  /** @type {Token[]} */ const tokens = []
  for (let before = 1; before <= run; before += 1) {
    const letter = rest[before]
    if (letter === undefined) break
    const end = before + 1
    const behind = rest.slice(end)
    tokens.push(...byteOf(end, letter.charCodeAt(0)))
    if (letter in LETTERS) tokens.push(...byteOf(end, LETTERS[letter] ?? 0))
    if (letter === 'x') for (const number of hex(behind, 2)) tokens.push(...byteOf(end + 2, number), ...character(end + 2, number))
    if (letter === 'u') tokens.push(...unicode(behind, end, before))
    if (letter === 'U') for (const number of hex(behind, 8)) tokens.push(...character(end + 8, number))
    const octal = /^[0-7]{1,4}/.exec(letter + behind)?.[0] ?? ''
    for (let count = 1; count <= octal.length; count += 1) tokens.push(...byteOf(before + count, parseInt(octal.slice(0, count), 8)))
  }
  return tokens
}

/**
 * What follows `\u`: four digits, or two such halves, or any number in braces.
 * @param {string} behind
 * @param {number} end where that begins
 * @param {number} backslashes
 */
function unicode(behind, end, backslashes) {
  const braces = /^\{([0-9a-f]{1,8})\}/i.exec(behind)
  if (braces) return character(end + braces[0].length, parseInt(braces[1] ?? '', 16))
  const halves = new RegExp(`^(d[89ab][0-9a-f]{2})\\\\{${backslashes}}u(d[c-f][0-9a-f]{2})`, 'i').exec(behind)
  if (halves) {
    const [high = 0, low = 0] = halves.slice(1).map((half) => parseInt(half, 16))
    return character(end + halves[0].length, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
  }
  return hex(behind, 4).flatMap((number) => character(end + 4, number))
}

/**
 * `%HH` and `%uHHHH`, also where the `%` is written `%25`.
 * @param {string} rest
 */
function percent(rest) {
  /** @type {Token[]} */ const tokens = []
  for (let at = 1; ; at += 2) {
    const behind = rest.slice(at)
    for (const number of hex(behind, 2)) tokens.push(...byteOf(at + 2, number))
    if (behind.startsWith('u')) for (const number of hex(behind.slice(1), 4)) tokens.push(...character(at + 5, number))
    if (at > 6 || !behind.startsWith('25')) return tokens
  }
}

/**
 * `&name;`, `&#NNN;` and `&#xHH;`, also where the `&` is written `&amp;`.
 * @param {string} rest
 */
function entity(rest) {
  /** @type {Token[]} */ const tokens = []
  for (let at = 1; ; at += 4) {
    const behind = rest.slice(at)
    for (const [name, stands] of Object.entries(ENTITIES)) {
      if (behind.slice(0, name.length).toLowerCase() === name) tokens.push(...byteOf(at + name.length, stands.charCodeAt(0)))
    }
    const number = /^#(?:x([0-9a-f]{1,8})|([0-9]{1,8}));?/i.exec(behind)
    if (number) tokens.push(...character(at + number[0].length, number[1] ? parseInt(number[1], 16) : parseInt(number[2] ?? '', 10)))
    if (at > 8 || !behind.startsWith('amp;')) return tokens
  }
}

/**
 * A quote inside quotes: twice as in YAML and SQL, or closed, escaped and opened again as in a shell.
 * @param {string} rest
 */
function quoted(rest) {
  const ways = rest[0] === "'" ? ["''", "'\\''", `'"'"'`] : ['""', `"'"'"`]
  return ways.filter((way) => rest.startsWith(way)).flatMap((way) => byteOf(way.length, rest.charCodeAt(0)))
}

/**
 * The number of exactly so many hexadecimal digits, if they are there.
 * @param {string} text
 * @param {number} count
 */
function hex(text, count) {
  const digits = text.slice(0, count)
  return digits.length === count && /^[0-9a-f]+$/i.test(digits) ? [parseInt(digits, 16)] : []
}

// What follows the escape character: colours and other controls, links, character sets, single letters.
const INVISIBLE = /^(?:\[[ -?]*[@-~]|\][^\u0007\\]*[\u0007\\]|[ -/]+[0-~]|[0-Z^-~])/

/**
 * The length of a sequence that steers a terminal, as colours do, and of which nothing is seen.
 * @param {Buffer} text
 * @param {number} at
 */
export function invisible(text, at) {
  if (text[at] !== ESCAPE && text[at] !== BACKSLASH) return []
  // In JSON the escape character is escaped itself.
  const escape = all(text, at).find((token) => token.bytes.length === 1 && token.bytes[0] === ESCAPE)
  if (!escape) return []
  const from = at + escape.length
  const sequence = INVISIBLE.exec(text.toString('latin1', from, from + INVISIBLE_MAX))
  return sequence ? [escape.length + sequence[0].length] : []
}

/**
 * The length of a line break, with the blanks of the next line.
 * @param {Buffer} text
 * @param {number} at
 * @param {Token[]} tokens what the text there may stand for
 */
export function lineBreak(text, at, tokens) {
  const end = tokens.find(({ bytes }) => bytes.length === 1 && (bytes[0] === 10 || bytes[0] === 13))
  if (!end) return []
  let length = end.length
  while (text[at + length] === 32 || text[at + length] === 9) length += 1
  return [length]
}
