// @ts-check
/**
 * What the workflow says of its own steps: how they ended, and what they printed.
 */
import { read } from './files.js'
import { secrets, without } from './redact.js'
import { usage } from './failure.js'

/** What GitHub says of a step or a job; an empty text says that there was none. */
const ENDS = /** @type {const} */ (['success', 'failure', 'cancelled', 'skipped'])

/** The commands, and the inputs that say how they ended. */
const STEPS = [
  { step: 'deploy', input: 'deploy', log: 'deploy-log' },
  { step: 'accept', input: 'acceptance', log: 'acceptance-log' },
  { step: 'verify', input: 'verification', log: 'verification-log' },
  { step: 'rollback', input: 'rollback', log: 'rollback-log' }
]

/**
 * Only `success` is success. A step that was cancelled failed; one that was skipped did not run, and no result is no
 * passed test (CL4).
 * @param {import('./host.js').Host} host
 */
export async function reported({ world, env, input, ask, tell, webhooks, settings }) {
  const hidden = secrets([settings.token, ...webhooks.values(), ...named(input, env)])
  for (const secret of named(input, env)) world.core.setSecret(secret)
  /** @type {object[]} */ const reports = []
  /** @type {Buffer[]} */ const logs = []
  for (const { step, input: name, log: file } of STEPS) {
    const end = input.choice(name, ENDS)
    if (end === undefined || end === 'skipped') continue
    const path = input.text(file)
    const log = path && (await logged(path, file, tell).then((bytes) => bytes && without(bytes, hidden)))
    if (log) logs.push(log)
    reports.push({
      step,
      success: end === 'success',
      ...(end === 'cancelled' ? { note: 'it was cancelled' } : {}),
      ...(log ? { log: ask.give('log', log).digest } : {})
    })
  }
  const deploy = input.choice('deploy', ENDS)
  return { began: deploy !== undefined && deploy !== 'skipped', reports, logs }
}

/**
 * A log. One that cannot be read is told; how the deployment ended is recorded all the same.
 * @param {string} path
 * @param {string} input
 * @param {import('./tell.js').Tell} tell
 */
function logged(path, input, tell) {
  return read(path, input).catch((error) => {
    tell.warning(`${error.message}: the record has no log of it`, 'Countersign: a log is missing')
    return undefined
  })
}

/**
 * The values of the variables that are secrets.
 * @param {import('./settings.js').Inputs} input
 * @param {Record<string, string | undefined>} env
 */
function named(input, env) {
  return input.lines('secret-env').map((name) => {
    const value = env[name]
    if (value) return value
    throw usage(`the variable \`${name}\`, which the input \`secret-env\` names, is not set`, 'set it in `env:` of the step')
  })
}
