// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { secrets, without } from '../../lib/redact.js'

const SECRET = 'c4n4ry+/"secret"=value\nsecond-line-of-it'

/** @param {string} text */
const clean = (text) => without(Buffer.from(text), secrets([SECRET])).toString()

test('a secret is taken out in every disguise', () => {
  const bytes = Buffer.from(SECRET)
  const forms = [SECRET, JSON.stringify(SECRET), encodeURIComponent(SECRET), bytes.toString('hex'), 'second-line-of-it']
  for (const form of forms) {
    const text = clean(`before ${form} after`)
    assert.match(text, /^before .*after$/s)
    assert.doesNotMatch(text, /second-line|c4n4ry|6334/)
  }
})

test('a secret is taken out of base64 at any alignment', () => {
  for (const before of ['', 'u', 'us', 'user:']) {
    for (const after of ['', 'x', 'xy', '@host']) {
      const text = Buffer.from(before + SECRET + after).toString('base64')
      const left = Buffer.from(clean(text).replaceAll('***', '\n').replaceAll('\n', ''), 'base64').toString()
      assert.match(clean(text), /\*\*\*/)
      assert.ok(!left.includes('n4ry') && !left.includes('second-line'), `${before} ${after}`)
    }
  }
})

test('other text stays as it is', () => {
  assert.equal(clean('nothing of it'), 'nothing of it')
  assert.equal(without(Buffer.from('a ab'), secrets(['ab'])).toString(), 'a ***')
})
