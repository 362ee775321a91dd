// @ts-check
/**
 * The clock, written as RFC 3339 in UTC. It never goes back.
 *
 * `COUNTERSIGN_NOW` sets it for tests, as in the command line: it then starts at that time and moves by one second with
 * each look, and waiting moves it instead of taking time.
 */
import { usage } from './failure.js'

/** The longest that one timer can be set to. */
const LONGEST = 2_000_000_000

/**
 * @typedef {{now(): string, milliseconds(): number, until(time: string): Promise<void>, seconds(count: number): Promise<void>}} Clock
 */

/**
 * @param {Record<string, string | undefined>} env
 * @param {() => number} system
 * @param {(milliseconds: number) => Promise<void>} sleep
 * @returns {Clock}
 */
export function clock(env, system, sleep) {
  const set = env.COUNTERSIGN_NOW
  const scripted = set !== undefined && set !== ''
  const start = scripted ? Date.parse(set) : 0
  if (Number.isNaN(start)) throw usage('`COUNTERSIGN_NOW` is not a time such as `2030-01-02T03:04:05Z`')
  let last = scripted ? start - 1000 : 0
  const milliseconds = () => (last = scripted ? last + 1000 : Math.max(last, system()))
  const pass = async (/** @type {number} */ end) => {
    if (scripted) {
      last = Math.max(last, end)
      return
    }
    for (let left = end - system(); left > 0; left = end - system()) await sleep(Math.min(left, LONGEST))
  }
  return {
    milliseconds,
    now: () => format(milliseconds()),
    until: (time) => pass(Date.parse(time)),
    seconds: (count) => pass((scripted ? last : system()) + count * 1000)
  }
}

/**
 * Whole seconds are written without a fraction.
 * @param {number} milliseconds
 */
export function format(milliseconds) {
  return new Date(milliseconds).toISOString().replace('.000Z', 'Z')
}
