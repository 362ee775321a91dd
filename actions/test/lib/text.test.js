// @ts-check
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { code, excerpt, guard, html, logLine, sentence } from '../../lib/text.js'

/** @type {{cases: {name: string, text: string, guarded: string, line: string}[], excerpts: {text: string, limit: number, expected: string}[]}} */
const TABLE = JSON.parse(readFileSync(new URL('../../../tests/data/safe-text.json', import.meta.url), 'utf8'))

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

test('t62 t63 what steers a terminal or a CI system is shown instead', () => {
  for (const { name, text, guarded, line } of TABLE.cases) {
    assert.equal(guard(text), guarded, name)
    assert.equal(logLine(text), line, name)
  }
})

test('no line of the log begins a command', () => {
  for (const text of [...NAUGHTY, ...TABLE.cases.map((row) => row.text)]) {
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
  for (const { text, limit, expected } of TABLE.excerpts) assert.equal(excerpt(text, limit), expected, text)
})

/** @param {string} text */
function decoded(text) {
  /** @type {Record<string, string>} */
  const entities = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'", '#96': '`', '#124': '|' }
  return text.replace(/&([#a-z0-9]+);/g, (_, name) => entities[name] ?? '')
}
