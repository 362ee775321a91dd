// @ts-check
/**
 * Runs an action in this process, and makes a refusal of whatever goes wrong.
 */
import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import * as core from '@actions/core'
import { refusal, refused } from './failure.js'
import { fetching } from './fetch.js'
import { basis } from './host.js'
import { telling } from './tell.js'

/** @returns {import('./host.js').World} */
function world() {
  const { env } = process
  /** @type {typeof globalThis.fetch | undefined} */ let reaching
  const fetch = /** @type {typeof globalThis.fetch} */ ((url, init) => (reaching ??= fetching(env))(url, init))
  return { core, env, fetch, spawn, system: Date.now, sleep: (milliseconds) => sleep(milliseconds), random: Math.random }
}

/**
 * @param {string} title what people call it
 * @param {(basis: import('./host.js').Basis) => Promise<number>} act gives what the step exits with
 * @param {{about?: 'a change' | 'other things', here?: import('./host.js').World}} [how] outputs of a change are for actions about one
 */
export async function run(title, act, { about = 'a change', here = world() } = {}) {
  const tell = telling(here.core, about === 'a change')
  // Until it has come to its end, it has failed.
  process.exitCode = 1
  try {
    process.exitCode = await act(await basis(here, tell))
  } catch (error) {
    process.exitCode = await tell.report(refused(refusal(error)), { title })
  }
}
