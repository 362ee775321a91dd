// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { page, SUMMARY_MAX } from '../../lib/summary.js'

/** @returns {any} */
function report(more = {}) {
  return { outcome: 'not-ready', exit_code: 11, verdict: 'hold', message: 'the change is not ready', ...more }
}

function judgement(/** @type {object[]} */ reasons, more = {}) {
  return { ready: false, reasons, needed: [], demands: 2, met: 1, kind: 'standard', risk: { level: 'low', limit: 'moderate' }, category: 'normal', ...more }
}

test('blocking reasons come first', () => {
  const reasons = [
    { blocking: false, message: 'second', help: 'nothing' },
    { blocking: true, entry: 'runner', check: 'unit-tests', message: 'first', help: 'run it' }
  ]
  const text = page('Assessment', report({ judgement: judgement(reasons) }))
  assert.ok(text.indexOf('first') < text.indexOf('second'))
})

test('a page is one block of HTML', () => {
  const reasons = [{ blocking: true, entry: '\n\n# x\n\n', message: 'no evidence of `\n\n<b>` for it', help: '' }]
  const text = page('T\n\nx', report({ judgement: judgement(reasons), message: '`a\n\nb`' }))
  assert.doesNotMatch(text.trimEnd(), /\n\s*\n/)
  for (const line of text.trimEnd().split('\n')) assert.match(line, /^<|^✋ /)
})

test('however many reasons there are, a page fits, and says how many are left', () => {
  const reasons = Array.from({ length: 20_000 }, (_, index) => ({ blocking: index === 19_999, message: `reason \`${index}\` ${'x'.repeat(100)}`, help: 'mend it' }))
  const text = page('Assessment', report({ judgement: judgement(reasons, { reason_count: 30_000 }) }))
  assert.ok(Buffer.byteLength(text) <= SUMMARY_MAX)
  const told = text.split('reason <code>').length - 1
  assert.match(text, /reason <code>19999<\/code>/)
  assert.match(text, new RegExp(`<p>${30_000 - told} more</p>`))
  assert.match(text, /<\/table>/)
})

test('a short page keeps the frames of all sections', () => {
  const reasons = [{ blocking: true, message: 'x'.repeat(5000), help: '' }]
  const entries = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`entry-${index}`, 'added']))
  const text = page('T', report({ judgement: judgement(reasons, { delta: { entries } }) }), {}, 2500)
  assert.ok(Buffer.byteLength(text) <= 2500)
  assert.match(text, /<p>1 more<\/p>/)
  assert.match(text, /<code>entry-0<\/code>/)
})

test('what was recorded is shown where nothing was judged now, and the table that the engine wants shown', () => {
  const { ready, ...assessment } = judgement([])
  const table = { columns: ['ENTRY', 'dev'], rows: [['<b>x</b>', '1.0']] }
  const text = page('T', report({ assessment: { ready: true, ...assessment }, delta: { entries: { runner: 'added' } }, table }))
  assert.match(text, /Deployment ready<\/th><td>yes/)
  assert.match(text, /<code>runner<\/code><\/td><td>added/)
  assert.match(text, /<th align="left">ENTRY<\/th>.*\n<tr><td><code>&lt;b&gt;x&lt;\/b&gt;<\/code>/)
})

test('what is attached is shown with its digest, and with a link where its file is known', () => {
  const attachments = { 'delta-summary.md': 'sha256:aa', '../<b>': 'sha256:bb' }
  const files = 'https://github.com/shop/inventory/blob/countersign/changes/CR-1'
  const text = page('T', report({ attachments }), { files })
  assert.match(text, /<summary>Attachments \(2\)<\/summary>/)
  assert.match(text, new RegExp(`<td><a href="${files}/attachments/delta-summary.md">delta-summary.md</a></td><td><code>sha256:aa</code></td>`))
  assert.match(text, /attachments\/\.\.%2F%3Cb%3E">\.\.\/&lt;b&gt;<\/a>/)
  assert.doesNotMatch(page('T', report({ attachments })), /<a /)
})

test('what a change owes is shown until when, and whether that is over or done', () => {
  const owed = { id: 'review', what: 'review it', owner: 'a@example.com', due: '2026-01-02T00:00:00Z', overdue: true }
  const done = { ...owed, id: 'rca', overdue: false, fulfilled_at: '2026-01-01T00:00:00Z' }
  const text = page('T', report({ obligations: [owed, done] }))
  assert.match(text, /<code>review<\/code><\/td><td>review it<\/td>.*2026-01-02T00:00:00Z <b>overdue<\/b>/)
  assert.match(text, /<code>rca<\/code>.*fulfilled 2026-01-01T00:00:00Z<\/td>/)
  const table = { columns: ['WHAT'], rows: [['review it']] }
  assert.equal(page('T', report({ obligations: [owed], table })).split('review it').length, 2, 'several changes have one table')
})
