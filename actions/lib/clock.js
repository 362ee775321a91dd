// @ts-check
/**
 * The clock, written as RFC 3339 in UTC. It never goes back.
 */

/** The longest that one timer can be set to. */
const LONGEST = 2_000_000_000

/**
 * @typedef {{now(): string, milliseconds(): number, until(time: string): Promise<void>}} Clock
 */

/**
 * @param {() => number} system
 * @param {(milliseconds: number) => Promise<void>} sleep
 * @returns {Clock}
 */
export function clock(system, sleep) {
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
