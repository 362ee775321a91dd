// @ts-check
/**
 * Everything that an action needs of the world, put together from its inputs.
 */
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { asking } from './ask.js'
import { clock } from './clock.js'
import { start } from './engine.js'
import { basic, patience } from './git.js'
import { client } from './http.js'
import { inventory } from './inventory.js'
import * as settings from './settings.js'
import { gitStore } from './store.js'

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
 * What an action about changes has.
 * @typedef {Basis & {
 *   settings: settings.System,
 *   system: object,
 *   store: import('./store.js').Store,
 *   inventory: import('./inventory.js').Inventory,
 *   http: ReturnType<typeof client>,
 *   fetch: typeof fetch,
 *   webhooks: Map<string, string>
 * }} Host
 */

/**
 * @param {World} world
 * @param {import('./tell.js').Tell} tell
 * @returns {Promise<Basis>}
 */
export async function basis(world, tell) {
  const { env } = world
  const input = settings.inputs((name) => world.core.getInput(name))
  return {
    world,
    env,
    input,
    tell,
    clock: clock(env, world.system, world.sleep),
    ask: asking(await start((url) => readFile(url)))
  }
}

/**
 * The change system, and the secrets that lead to it and to others.
 * @param {Basis} basis
 */
export function access({ world, env, input, tell }) {
  const token = input.text('token')
  for (const secret of token ? [token, basic(token)] : []) world.core.setSecret(secret)
  const system = settings.system(input, env)
  const webhooks = settings.webhooks(input, env)
  for (const url of webhooks.values()) world.core.setSecret(url)
  tell.secrets([...(token ? [token, basic(token)] : []), ...webhooks.values()])
  return { system, webhooks }
}

/**
 * @param {Basis} basis
 * @returns {Promise<Host>}
 */
export async function host(basis) {
  const { world, env, input, ask } = basis
  const { system: where, webhooks } = access(basis)
  const { kind, repository, records, server, api, token } = where
  const approvals = settings.approvals(input, env, where)
  const scratch = await folder(env)
  return {
    ...basis,
    settings: where,
    system: kind === 'ledger' ? { system: 'ledger' } : github(where, env, approvals),
    store: await gitStore(world, join(scratch, 'store'), {
      url: `${server}/${repository}.git`,
      token,
      branch: records,
      place: `${server}/${repository}/blob/${records}`
    }),
    inventory: await checkout(basis, where, join(scratch, 'inventory')),
    http: client(world.fetch, api, token, patience(env)),
    fetch: world.fetch,
    webhooks
  }
}

/**
 * GitHub as the engine is told of it.
 * @param {settings.System} where
 * @param {Record<string, string | undefined>} env
 * @param {ReturnType<typeof settings.approvals>} [approvals]
 */
export function github({ repository, records, server }, env, approvals) {
  const system = { system: 'github', repository, records, server, run: settings.run(env).id }
  return approvals === undefined ? system : { ...system, approvals }
}

/**
 * @param {Basis} basis
 * @param {settings.System} where
 * @param {string} scratch
 */
export function checkout({ world, env, input, ask }, { server, token }, scratch) {
  const folder = input.text('inventory') ?? '.'
  return inventory(world, ask, { folder: resolve(env.GITHUB_WORKSPACE ?? '.', folder), scratch, server, token })
}

/**
 * A new folder for objects that are fetched; the runner takes it away.
 * @param {Record<string, string | undefined>} env
 */
export function folder(env) {
  return mkdtemp(join(env.RUNNER_TEMP || tmpdir(), 'countersign-'))
}
