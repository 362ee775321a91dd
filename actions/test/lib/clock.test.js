// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clock } from '../../lib/clock.js'

test('a scripted clock moves by one second with each look, and waiting moves it', async () => {
  const time = clock({ COUNTERSIGN_NOW: '2030-01-02T03:04:05Z' }, Date.now, async () => assert.fail('it takes no time'))
  assert.equal(time.now(), '2030-01-02T03:04:05Z')
  assert.equal(time.now(), '2030-01-02T03:04:06Z')
  await time.until('2030-01-02T04:00:00.5Z')
  assert.equal(time.now(), '2030-01-02T04:00:01.500Z')
})

test('the clock never goes back', () => {
  const times = [2000, 1000, 3000]
  const time = clock({}, () => /** @type {number} */ (times.shift()), async () => {})
  assert.deepEqual([time.milliseconds(), time.milliseconds(), time.milliseconds()], [2000, 2000, 3000])
})

test('what is no time is refused', () => {
  assert.throws(() => clock({ COUNTERSIGN_NOW: 'now' }, Date.now, async () => {}), /is not a time/)
})
