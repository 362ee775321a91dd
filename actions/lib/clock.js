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
 * @typedef {{now(): string, milliseconds(): number, until(time: string): Promise<void>}} Clock
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
  return {
    milliseconds,
    // Whole seconds are written without a fraction.
    now: () => new Date(milliseconds()).toISOString().replace('.000Z', 'Z'),
    async until(time) {
      for (let left = Date.parse(time) - system(); left > 0; left = Date.parse(time) - system()) {
        await sleep(Math.min(left, LONGEST))
      }
    }
  }
}
