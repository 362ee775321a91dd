// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock } from '../../lib/clock.js'

test('the clock never goes back', () => {
  const times = [2000, 1000, 3000]
  const time = clock({}, () => /** @type {number} */ (times.shift()), async () => {})
  assert.deepEqual([time.milliseconds(), time.milliseconds(), time.milliseconds()], [2000, 2000, 3000])
})

test('a wait is over when it is time, and not before', async () => {
  let now = Date.parse('2030-01-02T03:04:05Z')
  const time = clock({}, () => now, async (milliseconds) => void (now += Math.min(milliseconds, 1000)))
  await time.until('2030-01-02T03:05:00.5Z')
  assert.equal(time.now(), '2030-01-02T03:05:00.500Z')
  await time.until('2030-01-02T03:00:00Z')
  assert.equal(time.now(), '2030-01-02T03:05:00.500Z')
})

test('po6 a clock that somebody set is refused', () => {
  for (const name of ['COUNTERSIGN_NOW', 'COUNTERSIGN_CRASH']) {
    assert.throws(() => clock({ [name]: '2030-01-02T03:04:05Z' }, Date.now, async () => {}), /is set, and only tests/)
    clock({ [name]: '' }, Date.now, async () => {})
  }
})
