// @ts-check
/**
 * What the actions about one change tell the engine.
 */
import { basename, dirname } from 'node:path'
import { read } from './files.js'
import { commitId } from './git.js'
import { host, withInventory, withLedger } from './host.js'
import { drive } from './session.js'
import * as settings from './settings.js'

/** What GitHub says of a step or a job; an empty text says that there was none. */
const ENDS = /** @type {const} */ (['success', 'failure', 'cancelled', 'skipped'])

/** The steps of the workflow, and the inputs that say how they ended. */
const STEPS = /** @type {const} */ ([
  { step: 'deploy', input: 'deploy', log: 'deploy-log' },
  { step: 'accept', input: 'acceptance', log: 'acceptance-log' },
  { step: 'verify', input: 'verification', log: 'verification-log' },
  { step: 'rollback', input: 'rollback', log: 'rollback-log' }
])

/** @typedef {import('./host.js').Host & {inventory: import('./inventory.js').Inventory}} Host */

/**
 * An action about one change: how it asks the engine, and shows what came of it.
 * @param {import('./host.js').Basis} basis
 */
export async function change(basis) {
  const { input, env } = basis
  const target = settings.target(input)
  const unplaced = host(basis)
  const approvals = settings.approvals(input, env, unplaced.system)
  const here = await withLedger(await withInventory(unplaced))
  const evidence = input.lines('evidence').map((folder, at) => {
    const place = `evidence/${at + 1}`
    here.places.set(place, { folder, input: 'evidence' })
    return { place, name: folder }
  })
  const told = {
    ...target,
    policy: located(here, 'policy'),
    evidence_checks: located(here, 'evidence-checks'),
    ignore_file: input.text('ignore-file'),
    evidence,
    inventory: 'git',
    system: changes(here.system, env, approvals),
    // Promotions are where the inventory is, wherever the change requests are.
    promotions: place({ ...here.system, repository: here.inventory.repository }, env),
    run: settings.run(env),
    peer_review: input.flag('peer-review'),
    attestations: input.flag('attestations')
  }
  return {
    here,
    target,
    /** @param {object} command */
    drive: (command) => drive(here, command, told),
    /**
     * @param {import('./session.js').End} end
     * @param {string} what
     * @param {boolean} [fails]
     */
    report: (end, what, fails) => here.tell.report(end, { title: `${what} ${settings.label(target)}`, fails, ...seen(here, end) })
  }
}

/**
 * Where people look at the change request: at its issue, else at its folder on the branch of the records; and where its files are.
 * @param {import('./host.js').Host} here
 * @param {import('./session.js').End} end
 * @returns {import('./summary.js').Where}
 */
export function seen({ system: { server, repository, records } }, { url, folder }) {
  const at = (/** @type {string} */ kind) => folder && `${server}/${repository}/${kind}/${records}/${folder}`
  return { url: typeof url === 'string' && url.startsWith(`${server}/`) ? url : at('tree'), files: at('blob') }
}

/**
 * The change system as the engine is told of it.
 * @param {settings.System} system
 * @param {Record<string, string | undefined>} env
 * @param {ReturnType<typeof settings.approvals>} approvals
 */
function changes(system, env, approvals) {
  return system.kind === 'ledger' ? { system: 'ledger' } : { system: 'github', ...place(system, env), approvals }
}

/**
 * A repository on GitHub as the engine is told of it.
 * @param {settings.System} system
 * @param {Record<string, string | undefined>} env
 */
function place({ repository, records, server }, env) {
  return { repository, records, server, run: settings.run(env).id }
}

/**
 * What was promoted; or, with the number of a pull request, what it would promote.
 * @param {Host} here
 * @param {number} [number]
 */
export function promoted(here, number) {
  const { input } = here
  return {
    commit: toDeploy(here),
    promotion: located(here, 'promotion'),
    number,
    change_request_id: settings.supplied(input),
    force_redeploy: input.flag('force-redeploy'),
    attempt: input.count('attempt', 1)
  }
}

/**
 * What an earlier change deployed: a full rollback (FR1). That reports are given at all says that the workflow performs its steps.
 * @param {Host} here
 * @param {Awaited<ReturnType<typeof reports>>} [said] how they ended
 */
export function restored({ input }, said = []) {
  return {
    command: 'rollback',
    change_request_id: input.required('rollback-change-request-id'),
    emergency: input.flag('emergency'),
    attempt: input.count('attempt', 1),
    reports: said
  }
}

/**
 * The commit to deploy: the one that is named; else what this run is about, if no branch is named and the inventory is in this
 * repository; else the engine takes the tip of the branch.
 * @param {Host} here
 */
function toDeploy({ input, env, inventory: { repository } }) {
  const named = input.text('commit')
  if (named) return commitId(named)
  const ours = repository.toLowerCase() === env.GITHUB_REPOSITORY?.toLowerCase()
  return !input.text('branch') && ours && env.GITHUB_SHA ? commitId(env.GITHUB_SHA) : undefined
}

/**
 * How the steps of the workflow ended, and what they printed. Only `success` is success. A step that was cancelled failed; one
 * that was skipped did not run, and no result is no passed test (CL4).
 * @param {Host} here
 */
export async function reports(here) {
  const { input, tell } = here
  const told = []
  for (const { step, input: name, log: file } of STEPS) {
    const end = input.choice(name, ENDS)
    if (end === undefined || end === 'skipped') continue
    // How the deployment ended is recorded, whatever became of its log.
    const missing = await read(input.text(file) ?? '', file).then(() => undefined, (error) => error)
    if (input.text(file) && missing) tell.warning(`${missing.message}: the record has no log of it`, 'Countersign: a log is missing')
    const note = end === 'cancelled' ? 'it was cancelled' : undefined
    told.push({ step, success: end === 'success', note, log: missing ? undefined : located(here, file, `log/${step}`) })
  }
  return told
}

/**
 * A file that an input names, as the engine is told of it: its folder becomes a place of the host.
 * @param {Host} here
 * @param {string} input
 * @param {string} [place]
 */
function located({ input: inputs, places }, input, place = input) {
  const path = inputs.text(input)
  if (path === undefined) return undefined
  places.set(place, { folder: dirname(path), input })
  return { place, path: basename(path) }
}
