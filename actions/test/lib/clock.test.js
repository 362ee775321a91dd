// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock } from '../../lib/clock.js'

test('waiting takes as long as it must, in parts that a timer can be set to', async () => {
  let now = 1000
  /** @type {number[]} */ const slept = []
  const time = clock({}, () => now, async (milliseconds) => void (slept.push(milliseconds), (now += milliseconds)))
  await time.until(new Date(3_000_001_000).toISOString())
  assert.deepEqual(slept, [2_000_000_000, 1_000_000_000])
  await time.seconds(2)
  assert.deepEqual([slept.at(-1), time.now()], [2000, '1970-02-04T17:20:03Z'])
})

test('the clock never goes back', () => {
  const times = [2000, 1000, 3000]
  const time = clock({}, () => /** @type {number} */ (times.shift()), async () => {})
  assert.deepEqual([time.milliseconds(), time.milliseconds(), time.milliseconds()], [2000, 2000, 3000])
})

test('po6 a clock that somebody set is refused', () => {
  for (const name of ['COUNTERSIGN_NOW', 'COUNTERSIGN_CRASH']) {
    assert.throws(() => clock({ [name]: '2030-01-02T03:04:05Z' }, Date.now, async () => {}), /is set, and only tests/)
    clock({ [name]: '' }, Date.now, async () => {})
  }
})
