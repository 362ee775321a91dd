// @ts-check
/**
 * Everything that an action has of the world, put together from its inputs.
 */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { asking } from './ask.js'
import { clock } from './clock.js'
import { start } from './engine.js'
import { basic, patience } from './git.js'
import { client } from './http.js'
import { inventory } from './inventory.js'
import { ledger } from './ledger.js'
import { secrets } from './redact.js'
import { remote } from './remote.js'
import * as settings from './settings.js'

/**
 * The world of an action: nothing else is reached.
 * @typedef {object} World
 * @property {typeof import('@actions/core')} core
 * @property {Record<string, string | undefined>} env
 * @property {typeof fetch} fetch
 * @property {typeof import('node:child_process').spawn} spawn
 * @property {() => number} system the clock, in milliseconds
 * @property {(milliseconds: number) => Promise<void>} sleep
 * @property {() => number} random
 */

/**
 * What every action has.
 * @typedef {object} Basis
 * @property {World} world
 * @property {Record<string, string | undefined>} env
 * @property {settings.Inputs} input
 * @property {import('./ask.js').Ask} ask
 * @property {import('./clock.js').Clock} clock
 * @property {import('./tell.js').Tell} tell
 */

/**
 * What the engine can reach through an action.
 * @typedef {Basis & {
 *   system: settings.System,
 *   webhooks: Map<string, string>,
 *   http: ReturnType<typeof client>,
 *   hidden: import('./redact.js').Form[],
 *   places: Map<string, {folder: string, input: string}>,
 *   remote: (url: string) => Promise<import('./remote.js').Remote>,
 *   inventory?: import('./inventory.js').Inventory,
 *   ledger?: import('./ledger.js').Ledger
 * }} Host `hidden`: what is taken out of all output; `places`: folders, and the inputs that name them
 */

/**
 * @param {World} world
 * @param {import('./tell.js').Tell} tell
 * @returns {Promise<Basis>}
 */
export async function basis(world, tell) {
  return {
    world,
    env: world.env,
    input: settings.inputs((name) => world.core.getInput(name)),
    tell,
    clock: clock(world.env, world.system, world.sleep),
    ask: asking(await start((url) => readFile(url)))
  }
}

/**
 * An action that has credentials, and neither an inventory nor a ledger yet.
 * @param {Basis} basis
 * @returns {Host}
 */
export function host(basis) {
  const { world, env, input, tell } = basis
  const token = input.text('token')
  if (token) tell.secrets([token, basic(token)])
  const system = settings.system(input, env)
  const webhooks = settings.webhooks(input, env)
  const named = settings.secrets(input, env)
  tell.secrets([...webhooks.values(), ...named])
  /** One for each repository: what was fetched once is there. @type {Map<string, Promise<import('./remote.js').Remote>>} */
  const remotes = new Map()
  return {
    ...basis,
    system,
    webhooks,
    http: client(world.fetch, system.api, system.token, patience(env)),
    hidden: secrets([system.token, ...webhooks.values(), ...named]),
    places: new Map(),
    remote(url) {
      const known = remotes.get(url) ?? remote(world, { url, token: system.token })
      remotes.set(url, known)
      return known
    }
  }
}

/**
 * @param {Host} host
 * @returns {Promise<Host & {inventory: import('./inventory.js').Inventory}>}
 */
export async function withInventory(host) {
  const { world, env, input, system, remote } = host
  const folder = resolve(env.GITHUB_WORKSPACE ?? '.', input.text('inventory') ?? '.')
  return { ...host, inventory: await inventory(world, folder, system.server, remote) }
}

/**
 * @template {Host} T
 * @param {T} host
 * @returns {Promise<T & {ledger: import('./ledger.js').Ledger}>}
 */
export async function withLedger(host) {
  const { server, repository, records } = host.system
  return { ...host, ledger: ledger(host.world, await host.remote(`${server}/${repository}.git`), records) }
}
