// @ts-check
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { secrets, without } from '../../lib/redact.js'

/** @type {{cases: {name: string, secrets: string[], text: string, expected: string}[]}} */
const TABLE = JSON.parse(readFileSync(new URL('../../../tests/data/redaction.json', import.meta.url), 'utf8'))

test('t72 a secret is taken out however it is written', () => {
  const wrong = TABLE.cases.flatMap(({ name, secrets: values, text, expected }) => {
    const found = without(Buffer.from(text), secrets(values)).toString()
    return found === expected ? [] : [`${name}: ${JSON.stringify(text)} became ${JSON.stringify(found)}, not ${JSON.stringify(expected)}`]
  })
  assert.deepEqual(wrong, [])
  assert.ok(TABLE.cases.length > 200)
})

test('bytes that are no text stay as they are', () => {
  const bytes = Buffer.from([0xff, 0x00, 0x5c, 0xc3, 0x25, 0xfe, 0x26])
  assert.deepEqual(without(bytes, secrets(['s3cret/token+42'])), bytes)
})

test('a log of ten megabytes takes seconds', () => {
  const log = Buffer.from('2030-01-02T03:04:05Z it\'s "done" at 100% of s3cret/ + c:\\path &amp; more\n'.repeat(140_000))
  const begun = performance.now()
  assert.equal(without(log, secrets(['s3cret/token+42', 'another-secret'])).length, log.length)
  assert.ok(performance.now() - begun < 60_000)
})
