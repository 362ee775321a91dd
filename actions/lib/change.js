// @ts-check
/**
 * What every action about one change does first: gather what the engine decides from.
 */
import { errand } from './perform.js'
import { document } from './files.js'
import { gather } from './gather.js'
import { commitId } from './git.js'
import { github } from './host.js'
import { standing } from './records.js'
import * as settings from './settings.js'
import { format } from './clock.js'
import { EXIT, Refusal, usage } from './failure.js'
import { excerpt } from './text.js'

/**
 * A change, as every request about it says.
 * @typedef {{asks: Record<string, any>, pointer: import('./inventory.js').Pointer, wait?: object}} Change
 */

/**
 * What was promoted; or, with the number of a pull request, what it would promote.
 * @param {import('./host.js').Host} host
 * @param {number} [number]
 * @returns {Promise<Change>}
 */
export async function promoted(host, number) {
  const { input } = host
  const target = settings.target(input)
  const supplied = settings.supplied(input)
  const branch = input.text('branch') ?? target.environment
  const asks = common(host, target)
  const wait = settings.waiting(input, host.clock, format)
  const commit = await toDeploy(host, branch)
  const { documents, history, pointer } = await gather(host, { target, commit })
  const promotion = await theirs(host, { commit, number, branch, policy: documents.policy })
  return {
    asks: {
      ...asks,
      documents: { ...documents, promotion },
      history,
      change_request_id: supplied,
      force_redeploy: input.flag('force-redeploy')
    },
    pointer,
    wait
  }
}

/**
 * What an earlier change deployed: a full rollback (FR1).
 * @param {import('./host.js').Host} host
 * @returns {Promise<Change>}
 */
export async function restored(host) {
  const { input, ask, store } = host
  const target = settings.target(input)
  const id = input.required('rollback-change-request-id')
  const asks = common(host, target)
  const wait = settings.waiting(input, host.clock, format)
  const { commit } = await standing(ask, store, id)
  if (!commit) throw usage(`change request \`${excerpt(id, 80)}\` deployed nothing that a commit names`)
  const { documents, history, pointer } = await gather(host, { target, commit })
  const rollback = { change_request_id: id, emergency: input.flag('emergency') }
  return { asks: { ...asks, documents, history, rollback }, pointer, wait }
}

/**
 * @param {import('./host.js').Host} host
 * @param {object} target
 */
function common({ input, env, clock }, target) {
  return { started: clock.now(), target, run: settings.run(env), attempt: input.count('attempt', 1) ?? 1 }
}

/**
 * The commit to deploy: the one that is named; else the tip of the branch that is named; else what this run is about, if the
 * inventory is in this repository; else the tip of the environment's branch.
 * @param {import('./host.js').Host} host
 * @param {string} branch
 */
async function toDeploy({ input, env, inventory }, branch) {
  const named = input.text('commit')
  if (named) return commitId(named)
  const here = inventory.repository === undefined || inventory.repository.toLowerCase() === env.GITHUB_REPOSITORY?.toLowerCase()
  if (!input.text('branch') && here && env.GITHUB_SHA) return commitId(env.GITHUB_SHA)
  return inventory.branch(branch)
}

/**
 * The promotion pull request: from a file, or from GitHub.
 * @param {import('./host.js').Host} host
 * @param {{commit: string, number?: number, branch: string, policy?: import('./ask.js').Named}} what the policy names teams
 */
async function theirs(host, what) {
  const given = await document(host.ask, host.input.text('promotion'), 'promotion')
  if (given) return given
  const repository = host.inventory.repository ?? host.settings.repository
  const system = github({ ...host.settings, repository }, host.env)
  const end = await errand(host, system, { errand: 'promotion', ...what })
  if (end.exchange === 'gathered') return { name: end.name, digest: end.digest }
  const trouble = end.event?.trouble ?? {}
  throw unreadable(trouble)
}

/** @param {{code?: string, message?: string, help?: string}} trouble */
function unreadable({ code, message, help }) {
  const fault = { code, message: message ?? 'the promotion pull request cannot be read', help }
  const absent = code === 'not-found'
  if (absent) fault.help ??= 'promote by merging a pull request into the inventory branch; name that with `branch` if it is not called as the environment'
  return new Refusal(absent ? EXIT.usage : EXIT.unavailable, [fault])
}
