// @ts-check
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { asking } from '../../lib/ask.js'
import { CONTRACT, Engine, start } from '../../lib/engine.js'
import { Refusal } from '../../lib/failure.js'

const engine = await start((url) => readFile(url))

test('bytes come back as they went in', () => {
  for (const bytes of [Buffer.alloc(0), Buffer.from('x'), Buffer.alloc(3 << 20, 7)]) {
    assert.deepEqual(Buffer.from(engine.take(engine.put(bytes)) ?? 'none'), bytes)
  }
  assert.equal(engine.take(`sha256:${'0'.repeat(64)}`), undefined)
})

test('the engine says what it is', () => {
  const { type, contract } = engine.call({ contract: CONTRACT, call: 'describe' })
  assert.deepEqual([type, contract], ['description', CONTRACT])
})

test('a failure is a refusal with its words and its code', () => {
  const ask = asking(engine)
  assert.throws(() => ask('nonsense', {}, 'plan'), (error) => error instanceof Refusal && error.exitCode === 2 && error.faults[0]?.message !== '')
})

test('a stopped engine refuses everything', () => {
  const door = {
    put: () => '',
    take: () => undefined,
    call: () => {
      throw new Error('what it said last')
    }
  }
  const stopping = new Engine(/** @type {any} */ (door))
  assert.throws(() => stopping.call({}), (error) => error instanceof Refusal && error.exitCode === 1 && /what it said last/.test(error.message))
  assert.throws(() => stopping.put(Buffer.from('x')), /it has stopped/)
})
