// @ts-check
/**
 * The clock, written as RFC 3339 in UTC. It never goes back, and nobody can set it: tests give another world (PO6).
 */
import { usage } from './failure.js'

/** What the command line of the tests knows, and nothing that people run. */
const SWITCHES = ['COUNTERSIGN_NOW', 'COUNTERSIGN_CRASH']
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
  const set = SWITCHES.find((name) => env[name])
  // Refused and not ignored: whoever set it counts on another time than the one that decides.
  if (set !== undefined) throw usage(`\`${set}\` is set, and only tests may set it`, 'remove the variable and see who set it')
  let last = 0
  const milliseconds = () => (last = Math.max(last, system()))
  const pass = async (/** @type {number} */ end) => {
    for (let left = end - system(); left > 0; left = end - system()) await sleep(Math.min(left, LONGEST))
  }
  return {
    milliseconds,
    now: () => format(milliseconds()),
    until: (time) => pass(Date.parse(time)),
    seconds: (count) => pass(system() + count * 1000)
  }
}

/**
 * Whole seconds are written without a fraction.
 * @param {number} milliseconds
 */
export function format(milliseconds) {
  return new Date(milliseconds).toISOString().replace('.000Z', 'Z')
}
