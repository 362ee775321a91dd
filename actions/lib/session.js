// @ts-check
/**
 * The loop: begin a command, perform what the engine asks for, answer, until it says how it ended.
 */
import { perform } from './exchanges.js'
import { defect } from './failure.js'

/** Exchanges of one command at most; the engine's own limit is lower. */
const EXCHANGES_MAX = 50_000

/**
 * What a command came to: the engine's words, and its report for machines.
 * @typedef {Record<string, any> & {outcome: string, exit_code: number, verdict: string, message: string}} End
 */

/**
 * @param {import('./host.js').Host} host
 * @param {object} command
 * @param {object} [settings]
 * @returns {Promise<End>}
 */
export async function drive(host, command, settings) {
  const { ask, clock, tell } = host
  let turn = ask('begin', { now: clock.now(), command, settings }, 'turn')
  for (let exchanges = 0; exchanges < EXCHANGES_MAX; exchanges += 1) {
    for (const line of turn.told ?? []) tell.told(line)
    const { exchange, end } = turn
    if (Boolean(exchange) === Boolean(end)) throw defect('neither one exchange nor one end')
    if (end) return ended(end)
    const response = await perform(host, exchange)
    turn = ask('answer', { now: clock.now(), response }, 'turn')
  }
  throw defect('a command that does not end')
}

/**
 * An end without an exit code would look like success.
 * @param {End} end
 */
function ended(end) {
  const { exit_code: code } = end
  if (Number.isInteger(code) && code >= 0 && code <= 255) return end
  throw defect('an end without an exit code')
}
