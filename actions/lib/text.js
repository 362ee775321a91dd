// @ts-check
/**
 * Other people's text, made safe for a log, for Markdown and for HTML.
 *
 * `tests/data/safe-text.json` has what could do harm; `host-runner/src/text.rs` is the same in Rust.
 */

// C0 and C1 controls but the tab, delete, whatever reorders what is read, and what nobody sees.
const STEERS =
  /[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]/gu

/**
 * One line of text in which nothing steers a terminal or reorders what is read: that is written as `\u{..}`.
 * @param {string} text
 */
export function guard(text) {
  return text.replace(STEERS, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)
}

/**
 * Guarded, and cut to so many characters.
 * @param {string} text
 * @param {number} limit
 */
export function excerpt(text, limit) {
  const characters = [...text]
  return characters.length <= limit ? guard(text) : `${guard(characters.slice(0, limit).join(''))}…`
}

/**
 * A line of the log that no CI system takes for a command, whatever is in it.
 * @param {string} text
 */
export function logLine(text) {
  return `==> ${guard(text).replaceAll('##', '# #').replaceAll('##', '# #')}`
}

/** @type {Record<string, string>} */
const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '`': '&#96;', '|': '&#124;' }

/**
 * Text as HTML that means nothing in Markdown either.
 * @param {string} text
 */
export function html(text) {
  return guard(text).replace(/[&<>"'`|]/g, (character) => ENTITIES[character] ?? '')
}

/**
 * Text of others, shown as it is: in `<code>` GitHub makes no links, mentions or pictures of it.
 * @param {string} text
 */
export function code(text) {
  return `<code>${html(text)}</code>`
}

/** Of these characters no mention, link, reference or emphasis can be made. */
const PLAIN = /^[A-Za-z0-9 ,.;:()'"%+=/…-]*$/
const LINKS = /:\/\/|www\.|\bGH-\d|:[a-z0-9_+-]+:|[0-9a-f]{7}/i

/**
 * A sentence of the engine, in which the texts of others stand in backticks. If anything else in it could be Markdown, all
 * of it is shown as it is.
 * @param {string} text
 */
export function sentence(text) {
  const parts = text.split('`')
  const ours = parts.filter((_, index) => index % 2 === 0)
  if (parts.length % 2 === 0 || !ours.every((part) => PLAIN.test(part) && !LINKS.test(part))) return code(text)
  return parts.map((part, index) => (index % 2 === 0 ? html(part) : part === '' ? '' : code(part))).join('')
}
