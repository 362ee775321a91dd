// @ts-check
/**
 * Git, through its command line: no configuration of the user, no hooks, no prompts, no names that could be taken for
 * options or expressions (T68). The token reaches it through the environment only.
 */
import { devNull } from 'node:os'
import { unavailable, usage } from './failure.js'
import { excerpt } from './text.js'

/** Bytes of one object at most; the engine refuses larger documents. */
const SIZE_MAX = 64 << 20
/** Seconds without any byte after which git gives up, and how often reading is tried. */
const PATIENCE = 30
const TRIES = 4
/** Variables that git needs of this process; it gets no other. */
const KEPT = /^(PATH|TMPDIR|TEMP|TMP|SystemRoot|(https?|no|all)_proxy|SSL_CERT_DIR)$/i
/** Variables that name the certificates of a private authority, the most particular one first. */
const CERTIFICATES = ['GIT_SSL_CAINFO', 'SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS']
/**
 * What git does and does not, whatever the repository's configuration says. The last one: a checkout whose objects are
 * borrowed is asked for nothing, because its configuration may be anybody's (T68).
 */
const FIXED = [
  ...['core.hooksPath=/dev/null', 'core.fsmonitor=false', 'credential.helper=', 'gc.auto=0', 'maintenance.auto=false'],
  ...['http.followRedirects=false', 'http.lowSpeedLimit=1', 'core.alternateRefsCommand=true']
]

/**
 * What came of a run of git.
 * @typedef {{code: number | null, stdout: Buffer, stderr: string}} Ended
 * @typedef {(args: string[], input?: string | Uint8Array) => Promise<Ended>} Git
 */

/**
 * What git needs of the world.
 * @typedef {{env: Record<string, string | undefined>, spawn: typeof import('node:child_process').spawn,
 *   sleep: (milliseconds: number) => Promise<void>, random: () => number}} World
 */

/**
 * Where a repository is on the server, what gives access to it, and how the user reaches servers.
 * @typedef {{url: string, token: string, reach?: [string, string][]}} Server
 */

/**
 * Git for the repository in `gitDir`.
 * @param {Pick<World, 'env' | 'spawn'>} world
 * @param {string} gitDir
 * @param {Server} [server] the only place that the token is sent to; without it, nothing is reached
 * @returns {Git}
 */
export function git(world, gitDir, server) {
  const options = [...FIXED, `http.lowSpeedTime=${patience(world.env)}`].flatMap((option) => ['-c', option])
  const env = { ...environment(world.env, gitDir), ...access(server) }
  return (args, input = '') => run(world, [`--git-dir=${gitDir}`, ...options, ...args], env, input)
}

/**
 * @param {Pick<World, 'env' | 'spawn'>} world
 * @param {string[]} args
 * @param {Record<string, string>} env
 * @param {string | Uint8Array} input
 * @returns {Promise<Ended>}
 */
function run(world, args, env, input) {
  return new Promise((resolve, reject) => {
    // In a group of its own: what git started is ended with it. In no folder whose repository has a say.
    const child = world.spawn('git', args, { env, cwd: '/', stdio: 'pipe', windowsHide: true, detached: true })
    /** @type {Buffer[]} */ const stdout = []
    /** @type {Buffer[]} */ const stderr = []
    const timer = setTimeout(() => end(child), patience(world.env) * 10_000)
    child.stdout.on('data', (part) => stdout.push(part))
    child.stderr.on('data', (part) => stderr.push(part))
    child.on('error', (error) => {
      clearTimeout(timer)
      reject(usage(`\`git\` cannot be run: ${error.message}`, 'install git on the runner'))
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ code, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString().trim() })
    })
    // What git does not read it complains about itself.
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })
}

/**
 * Ends git and whatever it started, and leaves no lock behind if that can be helped.
 * @param {import('node:child_process').ChildProcess} child
 */
function end(child) {
  const tell = (/** @type {NodeJS.Signals} */ signal) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal)
    } catch {
      // It has ended by itself.
    }
  }
  tell('SIGTERM')
  setTimeout(() => tell('SIGKILL'), 2000).unref()
}

/**
 * Seconds that an exchange may take; tests have less.
 * @param {Record<string, string | undefined>} env
 */
export function patience(env) {
  return Number(env.COUNTERSIGN_PATIENCE) || PATIENCE
}

/**
 * Asks a server something that changes nothing, again when it does not answer.
 * @param {Pick<World, 'sleep' | 'random'>} world
 * @param {Git} run
 * @param {string[]} args
 * @param {string} [input]
 */
export async function patiently({ sleep, random }, run, args, input) {
  for (let tries = 1; ; tries += 1) {
    const ended = await run(args, input)
    if (ended.code === 0 || tries === TRIES || isAbsent(ended) || isDenied(ended)) return ended
    await sleep(500 * 2 ** tries * (0.5 + random()))
  }
}

/**
 * Whether the server said that it has no such commit.
 * @param {Ended} ended
 */
export function isAbsent({ stderr }) {
  return /\bnot our ref\b|does not allow request for unadvertised object/.test(stderr)
}

/**
 * Whether the server did not accept the token.
 * @param {Ended} ended
 */
export function isDenied({ stderr }) {
  return /could not read (Username|Password) for|Authentication failed for/.test(stderr)
}

/**
 * The output of a run that must succeed.
 * @param {Ended} ended
 * @param {string} doing what was tried, such as `read the inventory`
 */
export function succeeded(ended, doing) {
  if (ended.code === 0) return ended.stdout
  throw unavailable(`git cannot ${doing}: ${excerpt(complaint(ended), 400)}`)
}

/**
 * The line that says what is wrong.
 * @param {Ended} ended
 */
export function complaint(ended) {
  if (ended.code === null) return 'it did not end in time'
  if (isDenied(ended)) return 'the server does not accept the token'
  const lines = ended.stderr.split('\n').map((line) => line.trim())
  return lines.find((line) => /^(fatal|error|remote):/.test(line)) ?? lines.find(Boolean) ?? `exit code ${ended.code}`
}

/**
 * The objects with these ids, in one run of git. One that the repository lacks is not in the answer.
 * @param {Git} run
 * @param {string[]} ids
 * @returns {Promise<Map<string, Buffer>>}
 */
export async function objects(run, ids) {
  /** @type {Map<string, Buffer>} */ const found = new Map()
  if (ids.length === 0) return found
  const output = succeeded(await run(['cat-file', '--batch'], ids.map((id) => `${id}\n`).join('')), 'read objects')
  let at = 0
  for (const id of ids) {
    const end = output.indexOf(10, at)
    const words = output.subarray(at, end).toString().split(' ')
    at = end + 1
    if (words.length !== 3) continue
    const size = Number(words[2])
    if (size > SIZE_MAX) throw usage(`object ${id} has more than ${SIZE_MAX} bytes`, 'a document has at most 64 MiB')
    found.set(id, output.subarray(at, at + size))
    at += size + 1
  }
  return found
}

/**
 * An item of a tree.
 * @typedef {{mode: string, kind: string, id: string, path: string}} Item
 */

/**
 * Everything below a tree or commit, with whole paths; none when the repository lacks it.
 * @param {Git} run
 * @param {string} id
 * @returns {Promise<Item[] | undefined>}
 */
export async function listing(run, id) {
  const ended = await run(['ls-tree', '-r', '-z', '--full-tree', id])
  if (ended.code !== 0) return undefined
  const items = ended.stdout.toString('utf8').split('\0').slice(0, -1)
  return items.map((item) => {
    const tab = item.indexOf('\t')
    const [mode = '', kind = '', id = ''] = item.slice(0, tab).split(' ')
    return { mode, kind, id, path: item.slice(tab + 1) }
  })
}

/**
 * Whether this is a name of a branch or tag and nothing else: no option, no expression.
 * @param {string} name
 */
export function isReference(name) {
  const part = (/** @type {string} */ text) => text !== '' && !text.startsWith('.') && !text.endsWith('.lock')
  return (
    name.length <= 200 &&
    /^[A-Za-z0-9._/+-]+$/.test(name) &&
    !name.startsWith('-') &&
    !name.endsWith('.') &&
    !name.includes('..') &&
    name.split('/').every(part)
  )
}

/**
 * The name, if it is one of a branch or tag.
 * @param {string} name
 */
export function reference(name) {
  if (isReference(name)) return name
  throw usage(`\`${excerpt(name, 80)}\` is not a name of a branch or tag`, 'use letters, digits, `.`, `_`, `-`, `+` and `/`')
}

/**
 * A full commit id: 40 or 64 lower-case hex digits.
 * @param {string} text
 */
export function commitId(text) {
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text)) return text
  const help = 'give the full commit id, as `git rev-parse` prints it'
  throw usage(`\`${excerpt(text, 80)}\` is not a commit of 40 lower-case hex digits`, help)
}

/**
 * @param {Record<string, string | undefined>} env
 * @param {string} home
 * @returns {Record<string, string>}
 */
function environment(env, home) {
  /** @type {Record<string, string>} */ const kept = {}
  for (const [name, value] of Object.entries(env)) if (value !== undefined && KEPT.test(name)) kept[name] = value
  const certificates = CERTIFICATES.map((name) => env[name]).find(Boolean)
  return {
    ...kept,
    ...(certificates ? { GIT_SSL_CAINFO: certificates } : {}),
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: devNull,
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_NO_LAZY_FETCH: '1',
    GIT_ALLOW_PROTOCOL: 'https:http',
    LC_ALL: 'C'
  }
}

/**
 * The header that gives access, for the server alone.
 * @param {Server | undefined} server
 * @returns {Record<string, string>}
 */
function access(server) {
  if (!server) return { GIT_ALLOW_PROTOCOL: '' }
  const { url, token, reach = [] } = server
  const header = [`http.${new URL(url).origin}/.extraheader`, `AUTHORIZATION: basic ${basic(token)}`]
  const pairs = [header, ...reach].flatMap(([name = '', value = ''], at) => [
    [`GIT_CONFIG_KEY_${at}`, name],
    [`GIT_CONFIG_VALUE_${at}`, value]
  ])
  return { GIT_CONFIG_COUNT: String(pairs.length / 2), ...Object.fromEntries(pairs) }
}

/**
 * What the user's own configuration says of certificates and proxies. Nothing else of it counts.
 * @param {Pick<World, 'env' | 'spawn'>} world
 * @returns {Promise<[string, string][]>}
 */
export async function reach(world) {
  const own = Object.entries(world.env).filter(([name]) => ['PATH', 'HOME', 'XDG_CONFIG_HOME'].includes(name))
  const names = '^http\\.(sslcainfo|sslcapath|proxy)$'
  const ended = await run(world, ['config', '--null', '--get-regexp', names], /** @type {any} */ (Object.fromEntries(own)), '')
  const lines = ended.stdout.toString().split('\0').filter((line) => line.includes('\n'))
  return lines.map((line) => [line.slice(0, line.indexOf('\n')), line.slice(line.indexOf('\n') + 1)])
}

/**
 * The token as git sends it: a secret too.
 * @param {string} token
 */
export function basic(token) {
  return Buffer.from(`x-access-token:${token}`).toString('base64')
}
