// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commitId, reference } from '../../lib/git.js'

test('t68_no_name_is_an_option_or_an_expression', () => {
  for (const name of ['prod', 'release/1.2', 'eu-de_prod_latest', 'a+b']) assert.equal(reference(name), name)
  const odd = ['', '-x', '--upload-pack=x', 'a b', 'a\nb', 'a^{tree}', 'a:b', 'a..b', '@{1}', 'a~1', '/a', 'a/', 'a//b', '.a', 'a/.b', 'a.lock', 'a.', '*', 'a\u202eb']
  for (const name of odd) assert.throws(() => reference(name), /is not a name/, name)
})

test('t68_a_commit_is_hex_and_whole', () => {
  assert.equal(commitId('a'.repeat(40)).length, 40)
  for (const text of ['HEAD', '', 'A'.repeat(40), 'a'.repeat(39), 'g'.repeat(40), '--output=x']) assert.throws(() => commitId(text))
})
