// @ts-check
/**
 * Evidence: how a check ended, as the engine is asked to record it (EV1).
 */
import { basename, dirname, join } from 'node:path'
import { defect, usage } from './failure.js'
import { commitId } from './git.js'
import { host, withInventory } from './host.js'
import { drive } from './session.js'

const OUTCOMES = /** @type {const} */ (['success', 'failure', 'pending', 'cancelled', 'skipped'])

/** What evidence can be about: one of these inputs is given. */
const ABOUT = /** @type {const} */ (['entry', 'commit', 'image', 'uri'])

/**
 * What was written: paths of the workspace.
 * @typedef {{check: string, tool: string, outcome: string, record: string, report?: string}} Recorded
 */

/**
 * Records how a check ended. One that failed never stops CI: it is judged later.
 * @param {import('./host.js').Basis} basis
 * @returns {Promise<{end: import('./session.js').End, recorded?: Recorded}>}
 */
export async function record(basis) {
  const { input, env } = basis
  const what = about(input)
  const here = what.kind === 'entry' ? await withInventory(host(basis)) : host(basis)
  const into = input.text('into') ?? 'evidence'
  here.places.set('evidence', { folder: into, input: 'into' })
  const command = {
    command: 'record',
    check: input.required('check'),
    reports: reports(here),
    tool: input.text('tool'),
    outcome: input.choice('outcome', OUTCOMES),
    about: what,
    run: input.text('run'),
    this_run: env.GITHUB_RUN_ID,
    attempt: input.count('attempt', 1) ?? (Number(env.GITHUB_RUN_ATTEMPT) || 1),
    date: input.text('date')
  }
  if (command.reports.length === 0 && command.outcome === undefined) {
    throw usage('nothing says how the check ended', 'give its report as `file`, or `outcome: ${{ steps.<id>.outcome }}`')
  }
  const end = await drive(here, command)
  if (end.exit_code !== 0) return { end }
  const [recorded, ...more] = end.records ?? []
  if (!recorded || more.length > 0) throw defect('one report is not one record')
  const report = recorded.report && join(into, recorded.report)
  return { end, recorded: { ...recorded, record: join(into, recorded.record), report } }
}

/** @param {import('./settings.js').Inputs} input */
function about(input) {
  const [kind, ...more] = ABOUT.filter((name) => input.text(name) !== undefined)
  if (kind === undefined || more.length > 0) {
    throw usage(`the evidence is about ${kind === undefined ? 'nothing' : 'several things'}`, 'give one of `entry`, `commit`, `image` and `uri`')
  }
  const value = input.required(kind)
  switch (kind) {
    case 'commit':
      return { kind, sha: commitId(value) }
    case 'image':
      return { kind, digest: value }
    case 'uri':
      return { kind, uri: value }
    case 'entry':
      return { kind, name: value, inventory: 'git', branch: input.text('branch') ?? 'dev' }
  }
}

/**
 * The one report: characters that mean something in a glob are meant as they are.
 * @param {import('./host.js').Host} here
 */
function reports({ input, places }) {
  const path = input.text('file')
  if (path === undefined) return []
  places.set('reports', { folder: dirname(path), input: 'file' })
  return [{ place: 'reports', files: basename(path).replace(/[*?[\]{}\\]/g, '\\$&') }]
}
