// @ts-check
/**
 * Secrets, taken out of a log however they are written.
 *
 * `tests/data/redaction.json` has the ways to write one; `host-runner/src/command/redact.rs` is the same in Rust.
 */
import { all, BACKSLASH, ESCAPE, escapes, invisible, lineBreak, plain } from './token.js'

/** What stands in a secret's place. */
const REDACTED = Buffer.from('***')
/** A line of a longer secret is a secret of its own from this many bytes. */
const LINE_MIN = 8
/** A shorter secret is looked for only as it is. */
const DISGUISED_MIN = 4

/**
 * Bytes to find, and how they may be written: as they are, as text whose characters may be escaped, as digits of base64 of
 * either alphabet, which may be wrapped, or as hexadecimal digits, which may stand apart.
 * @typedef {{bytes: Buffer, writing: 'exact' | 'text' | 'base64' | 'hex'}} Form
 */

/**
 * Every form in which these secrets may stand in a log; empty ones are passed over.
 * @param {string[]} values
 * @returns {Form[]}
 */
export function secrets(values) {
  const parts = values.flatMap((value) => {
    const whole = value.replace(/^[\r\n]+|[\r\n]+$/g, '')
    const lines = whole.split(/\r?\n/).map((line) => line.trim())
    return [whole, ...lines.filter((line) => Buffer.byteLength(line) >= LINE_MIN)]
  })
  return [...new Set(parts)].filter((part) => part.trim() !== '').flatMap(disguises)
}

/**
 * @param {string} secret
 * @returns {Form[]}
 */
function disguises(secret) {
  const bytes = Buffer.from(secret)
  if (bytes.length < DISGUISED_MIN) return [{ bytes, writing: 'exact' }]
  return [
    { bytes, writing: 'text' },
    ...[0, 1, 2].map((shift) => /** @type {Form} */ ({ bytes: base64(bytes, shift), writing: 'base64' })),
    { bytes: Buffer.from(bytes.toString('hex')), writing: 'hex' }
  ]
}

/**
 * The characters of base64 that are the same whatever comes before, `shift` bytes past a multiple of three, and after.
 * @param {Buffer} bytes
 * @param {number} shift
 */
function base64(bytes, shift) {
  const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64')
  return Buffer.from(text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6)))
}

/**
 * @param {Buffer} bytes
 * @param {Form[]} forms
 * @returns {Buffer}
 */
export function without(bytes, forms) {
  const beginnings = byBeginning(forms)
  /** @type {Buffer[]} */ const parts = []
  let from = 0
  for (let at = 0; at < bytes.length; at += 1) {
    let end = 0
    for (const form of possible(beginnings[bytes[at] ?? 0] ?? [], bytes, at)) end = Math.max(end, found(form, bytes, at))
    if (end === 0) continue
    parts.push(bytes.subarray(from, at), REDACTED)
    from = end
    at = end - 1
  }
  return parts.length === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(from)])
}

/** What was found out about a list of forms, which many short texts are searched for. @type {WeakMap<Form[], Form[][]>} */
const BEGINNINGS = new WeakMap()

/**
 * For each byte the forms that it may begin.
 * @param {Form[]} forms
 */
function byBeginning(forms) {
  const known = BEGINNINGS.get(forms) ?? Array.from({ length: 256 }, (_, byte) => forms.filter((form) => begins(form, byte)))
  BEGINNINGS.set(forms, known)
  return known
}

/**
 * The forms whose first byte an escape at `at` may stand for: most escapes begin no secret, and are read once.
 * @param {Form[]} forms
 * @param {Buffer} text
 * @param {number} at
 */
function possible(forms, text, at) {
  if (forms.length === 0 || !escapes(text[at] ?? 0)) return forms
  const tokens = all(text, at)
  return forms.filter(({ bytes, writing }) => tokens.some((token) => alike(writing, bytes[0], token.bytes[0])))
}

/**
 * @param {Form} form
 * @param {number} byte
 */
function begins({ bytes, writing }, byte) {
  return (escapes(byte) && (writing === 'text' || writing === 'base64')) || alike(writing, bytes[0], byte)
}

/**
 * Where the form that begins at `start` ends, or 0. What is written may be read in more ways than one: all are followed.
 * @param {Form} form
 * @param {Buffer} text
 * @param {number} start
 */
function found(form, text, start) {
  const { bytes, writing } = form
  let same = 0
  while (same < bytes.length && start + same < text.length && !steers(text[start + same]) && alike(writing, bytes[same], text[start + same])) same += 1
  if (same === bytes.length) return start + same
  if (start + same >= text.length || !steers(text[start + same])) return 0
  let end = 0
  // Where in the text, and how much of the secret is before it. Those that are behind come first, so that none comes twice.
  /** @type {[number, number][]} */ const places = [[start + same, same]]
  while (places.length > 0) {
    const [at, done] = /** @type {[number, number]} */ (places.splice(first(places), 1)[0])
    if (done === bytes.length) {
      end = at
      continue
    }
    const go = (/** @type {number} */ to, /** @type {number} */ count) => {
      if (!places.some((place) => place[0] === to && place[1] === count)) places.push([to, count])
    }
    if (done > 0) for (const length of pauses(form, text, at, done)) go(at + length, done)
    for (const token of writing === 'exact' || writing === 'hex' ? plain(text, at) : all(text, at)) {
      const fits = done + token.bytes.length <= bytes.length
      if (fits && token.bytes.every((byte, index) => alike(writing, bytes[done + index], byte))) go(at + token.length, done + token.bytes.length)
    }
  }
  return end
}

/** @param {[number, number][]} places */
function first(places) {
  return places.reduce((least, place, index) => {
    const [at, done] = /** @type {[number, number]} */ (places[least])
    return place[0] < at || (place[0] === at && place[1] < done) ? index : least
  }, 0)
}

/**
 * Lengths of what may stand between two parts of the secret and is none of it.
 * @param {Form} form
 * @param {Buffer} text
 * @param {number} at
 * @param {number} done
 */
function pauses({ bytes, writing }, text, at, done) {
  if (writing === 'exact') return []
  /** @type {number[]} */ const lengths = invisible(text, at)
  const next = text[at]
  if (writing === 'text' && next === 13 && bytes[done] === 10) lengths.push(1)
  if (writing === 'base64') lengths.push(...lineBreak(text, at, all(text, at)))
  if (writing === 'hex' && done % 2 === 0) {
    lengths.push(...lineBreak(text, at, plain(text, at)))
    if (next === 32 || next === 58) lengths.push(1)
  }
  return lengths
}

/**
 * Whether `found` stands for the byte `wanted`.
 * @param {Form['writing']} writing
 * @param {number | undefined} wanted
 * @param {number | undefined} found
 */
function alike(writing, wanted, found) {
  if (wanted === found) return true
  if (writing === 'base64') return (wanted === 43 && found === 45) || (wanted === 47 && found === 95)
  return writing === 'hex' && found !== undefined && found >= 65 && found <= 70 && wanted === found + 32
}

/**
 * Whether a byte may be more than what it is: the beginning of an escape, a colour code or a pause.
 * @param {number | undefined} byte
 */
function steers(byte) {
  return byte !== undefined && (escapes(byte) || byte === ESCAPE || byte === BACKSLASH || byte === 13 || byte === 10 || byte === 32 || byte === 58)
}
