// @ts-check
/**
 * What an action is told: inputs, and what GitHub says about the run. Bad ones are refused with their name and a remedy.
 */
import { usage } from './failure.js'
import { isReference } from './git.js'
import { excerpt } from './text.js'

/**
 * Reads inputs. GitHub does not enforce `required`, so it is done here; an input that is empty is absent.
 * @typedef {ReturnType<typeof inputs>} Inputs
 */

/** @param {(name: string) => string} get */
export function inputs(get) {
  const text = (/** @type {string} */ name) => get(name).trim() || undefined
  return {
    text,
    /** @param {string} name */
    required(name) {
      const value = text(name)
      if (value !== undefined) return value
      throw usage(`the input \`${name}\` is missing`, `add it to the step: \`with: {${name}: ...}\``)
    },
    /** @param {string} name */
    lines(name) {
      const lines = get(name).split(/\r?\n/)
      return lines.map((line) => line.trim()).filter((line) => line !== '')
    },
    /** @param {string} name */
    flag(name) {
      const value = text(name) ?? 'false'
      if (/^(true|false)$/i.test(value)) return value.toLowerCase() === 'true'
      throw wrong(name, value, 'give `true` or `false`')
    },
    /**
     * @param {string} name
     * @param {number} least
     */
    count(name, least) {
      const value = text(name)
      if (value === undefined) return undefined
      if (/^[0-9]{1,9}$/.test(value) && Number(value) >= least) return Number(value)
      throw wrong(name, value, `give a whole number, ${least} or more`)
    },
    /**
     * @template {string} T
     * @param {string} name
     * @param {readonly T[]} options
     * @returns {T | undefined}
     */
    choice(name, options) {
      const value = text(name)
      const found = options.find((option) => option === value)
      if (value === undefined || found !== undefined) return found
      throw wrong(name, value, `give one of ${options.map((option) => `\`${option}\``).join(', ')}`)
    }
  }
}

/**
 * @param {string} name
 * @param {string} value
 * @param {string} help
 */
function wrong(name, value, help) {
  return usage(`the input \`${name}\` is \`${excerpt(value, 80)}\``, help)
}

/**
 * Where records are kept and promotions are read.
 * @typedef {{kind: 'github' | 'ledger', repository: string, records: string, server: string, api: string, token: string}} System
 */

/**
 * @param {Inputs} input
 * @param {Record<string, string | undefined>} env
 * @returns {System}
 */
export function system(input, env) {
  const repository = input.text('repository') ?? env.GITHUB_REPOSITORY ?? ''
  if (!/^[A-Za-z0-9-]{1,100}\/[A-Za-z0-9._-]{1,100}$/.test(repository) || /\/\.{1,2}$/.test(repository)) {
    throw wrong('repository', repository, 'write it as `owner/name`')
  }
  return {
    kind: input.choice('change-system', ['github', 'ledger']) ?? 'github',
    repository,
    records: recordsBranch(input),
    server: address(env.GITHUB_SERVER_URL ?? 'https://github.com', 'GITHUB_SERVER_URL'),
    api: address(env.GITHUB_API_URL ?? 'https://api.github.com', 'GITHUB_API_URL'),
    token: input.required('token')
  }
}

/** @param {Inputs} input */
function recordsBranch(input) {
  const name = input.text('records-branch') ?? 'countersign'
  if (/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/.test(name)) return name
  throw wrong('records-branch', name, 'use letters, digits, `.`, `_` and `-`')
}

/**
 * @param {string} text
 * @param {string} name
 */
function address(text, name) {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const here = url !== undefined && ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname)
  if (url && (url.protocol === 'https:' || here) && !url.username && !url.password) return text.replace(/\/+$/, '')
  throw usage(`\`${name}\` is no https URL`, 'it is set by the runner')
}

/**
 * Where the change is deployed. What is not given here the policy declares.
 * @param {Inputs} input
 */
export function target(input) {
  // They make names of tags and branches.
  const name = (/** @type {string} */ key) => {
    const value = input.text(key)
    if (value === undefined || isReference(value)) return value
    throw wrong(key, value, 'use letters, digits, `.`, `_`, `-`, `+` and `/`')
  }
  const environment = name('environment') ?? input.required('environment')
  return {
    environment,
    region: name('region'),
    purpose: input.choice('purpose', ['production', 'pre_prod']),
    detail: input.text('detail'),
    branch: name('branch'),
    staging: name('staging')
  }
}

/** @param {{environment: string, region?: string}} target */
export function label({ environment, region }) {
  return region === undefined ? environment : `${environment} in ${region}`
}

/**
 * The run that asks.
 * @param {Record<string, string | undefined>} env
 */
export function run(env) {
  const id = env.GITHUB_RUN_ID
  if (!id) throw usage('`GITHUB_RUN_ID` is not set', 'this action runs in GitHub Actions')
  const { GITHUB_ACTOR_ID: actor, GITHUB_ACTOR: login } = env
  return {
    id,
    url: `${env.GITHUB_SERVER_URL}/${env.GITHUB_REPOSITORY}/actions/runs/${id}`,
    ...(actor && login ? { actor: { id: actor, login } } : {}),
    ...(env.GITHUB_WORKFLOW ? { pipeline: env.GITHUB_WORKFLOW } : {}),
    ...(env.GITHUB_WORKFLOW_SHA ? { pipeline_version: env.GITHUB_WORKFLOW_SHA } : {})
  }
}

/**
 * The protected environment whose reviewers decide as well, and the run in which they are asked, as the engine is told of it.
 * @param {Inputs} input
 * @param {Record<string, string | undefined>} env
 * @param {System} system
 */
export function approvals(input, env, { kind }) {
  const environment = input.text('approval-environment')
  if (environment === undefined) return undefined
  if (kind === 'ledger') {
    throw usage('`approval-environment` is given, and `change-system` is `ledger`', 'leave one of them out: a ledger has no workflow runs')
  }
  if (environment.length > 255 || /[\u0000-\u001f\u007f-\u009f]/.test(environment)) {
    throw wrong('approval-environment', environment, 'name an environment of the repository')
  }
  const id = Number(run(env).id)
  if (!Number.isSafeInteger(id)) throw usage('`GITHUB_RUN_ID` is no number', 'it is set by the runner')
  return { environment, run: id, repository: env.GITHUB_REPOSITORY }
}

/**
 * The change request that exists already: `notAvailable` says that there is none (EX1).
 * @param {Inputs} input
 */
export function supplied(input) {
  const id = input.text('change-request-id')
  if (id === undefined) {
    throw usage('the input `change-request-id` is empty', 'leave it out, or give an id, or `notAvailable` when there is none')
  }
  if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(id)) {
    throw wrong('change-request-id', id, 'give the id that stands in the title of its issue, or the number of an issue that was made by hand')
  }
  return id === 'notAvailable' ? undefined : id
}

/**
 * The wait for approval that is asked for.
 * @param {Inputs} input
 */
export function waiting(input) {
  const seconds = input.count('wait', 0)
  return seconds ? { seconds, interval_seconds: input.count('wait-interval', 5) ?? 15 } : undefined
}

/**
 * The values of the variables that are secrets.
 * @param {Inputs} input
 * @param {Record<string, string | undefined>} env
 */
export function secrets(input, env) {
  return input.lines('secret-env').map((name) => {
    const value = env[name]
    if (value) return value
    throw usage(`the variable \`${name}\`, which the input \`secret-env\` names, is not set`, 'set it in `env:` of the step')
  })
}

/**
 * Where notification channels lead: variables that hold URLs, which are secrets.
 * @param {Inputs} input
 * @param {Record<string, string | undefined>} env
 * @returns {Map<string, string>}
 */
export function webhooks(input, env) {
  return new Map(
    input.lines('webhooks').map((line) => {
      const [, channel, variable] = /^([A-Za-z0-9_-]+)=([A-Za-z0-9_-]+)$/.exec(line) ?? []
      const help = 'put the URL into a variable of the step, and name that: `ops=OPS_WEBHOOK_URL`'
      if (!channel || !variable) throw usage('a line of the input `webhooks` is not `CHANNEL=VARIABLE`', help)
      const url = env[variable]
      if (!url) throw usage(`the variable \`${variable}\`, which the input \`webhooks\` names, is not set`, help)
      return [channel, address(url, variable)]
    })
  )
}
