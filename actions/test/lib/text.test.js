// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { code, excerpt, guard, html, logLine, sentence } from '../../lib/text.js'

const NAUGHTY = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '![x](https://example.com/x.png)',
  '[x](javascript:alert(1))',
  '@everyone #1 GH-1 owner/repo#2 https://example.com www.example.com',
  '| a | b |\n|---|---|',
  '`code` ``` ```',
  '\n\n# heading',
  '</code></td></tr></table><h1>x',
  '&lt;b&gt; &amp;',
  'a\u202eb\u2066c\u0000d\u001b[2J',
  '::set-output name=x::y',
  '##[error]x'
]

test('what steers a terminal is shown instead', () => {
  assert.equal(guard('a\u001b[2Jb'), 'a\\u{1b}[2Jb')
  assert.equal(guard('one\ntwo\r'), 'one\\u{a}two\\u{d}')
  assert.equal(guard('x\u202ey\u009bz\u2028'), 'x\\u{202e}y\\u{9b}z\\u{2028}')
  assert.equal(guard('plain\ttext, ümläut, 漢字'), 'plain\ttext, ümläut, 漢字')
})

test('no line of the log begins a command', () => {
  for (const text of NAUGHTY) {
    const line = logLine(text)
    assert.doesNotMatch(line, /^\s*::|##|\n/)
  }
})

test('text of others becomes text, and reads as it was', () => {
  for (const text of NAUGHTY) {
    assert.doesNotMatch(html(text), /[<>"'`|\n]|&(?!(amp|lt|gt|quot|#39|#96|#124);)/)
    assert.equal(decoded(html(text)), guard(text))
    assert.equal(decoded(code(text).slice('<code>'.length, -'</code>'.length)), guard(text))
  }
})

test('a sentence shows the texts of others as they are', () => {
  assert.equal(sentence('no evidence of `unit-tests` for `a<b`'), 'no evidence of <code>unit-tests</code> for <code>a&lt;b</code>')
  assert.equal(sentence('it is ready'), 'it is ready')
})

test('a sentence out of which something leads is shown as it is, all of it', () => {
  for (const text of ['see @team', 'an odd ` one', '`a` https://x.y', '`a` <b> `c`', '`a` #1', '`x` deadbeef1', '`x` :tada:', '`x` www.a.b']) {
    assert.equal(sentence(text), code(text))
  }
})

test('a long text is cut at a character', () => {
  assert.equal(excerpt('a😀b', 2), 'a😀…')
  assert.equal(excerpt('abc', 3), 'abc')
})

/** @param {string} text */
function decoded(text) {
  /** @type {Record<string, string>} */
  const entities = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#96': '`', '#124': '|' }
  return text.replace(/&([#a-z0-9]+);/g, (_, name) => entities[name] ?? '')
}
