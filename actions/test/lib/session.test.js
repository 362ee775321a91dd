// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Refusal } from '../../lib/failure.js'
import { drive } from '../../lib/session.js'

const END = { outcome: 'done', exit_code: 0, verdict: 'proceed', message: 'done' }

/** A host whose engine says these turns. @param {object[]} turns */
function host(...turns) {
  /** @type {any[]} */ const asked = []
  /** @type {string[]} */ const told = []
  const ask = (/** @type {string} */ call, /** @type {object} */ rest) => (asked.push([call, rest]), turns.shift())
  const clock = { now: () => `${asked.length}` }
  return { asked, told, host: /** @type {any} */ ({ ask, clock, tell: { told: (/** @type {any} */ { words }) => told.push(words) } }) }
}

test('the loop performs what it is asked, answers with the time, and shows lines as they come', async () => {
  const { asked, told, host: here } = host({ told: [{ words: 'one' }], exchange: { exchange: 'dance' } }, { told: [{ words: 'two' }], end: END })
  assert.deepEqual(await drive(here, { command: 'status' }), END)
  assert.deepEqual(told, ['one', 'two'])
  assert.deepEqual(asked, [
    ['begin', { now: '0', command: { command: 'status' }, settings: undefined }],
    ['answer', { now: '1', response: { response: 'unsupported' } }]
  ])
})

test('an end that does not say how it ended is no success', async () => {
  for (const turn of [{}, { end: END, exchange: { exchange: 'wait' } }, { end: { ...END, exit_code: undefined } }, { end: { ...END, exit_code: '0' } }, { end: { ...END, exit_code: -1 } }]) {
    await assert.rejects(drive(host(turn).host, {}), (error) => error instanceof Refusal && error.exitCode === 1, JSON.stringify(turn))
  }
})
