// @ts-check
/**
 * Evidence: what a tool reported becomes a record that is bound to what it is about.
 */
import { createHash } from 'node:crypto'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { read } from './files.js'
import { usage } from './failure.js'
import { host, withInventory } from './host.js'
import { excerpt } from './text.js'

const OUTCOMES = /** @type {const} */ (['success', 'failure', 'pending', 'cancelled', 'skipped'])

/**
 * What evidence is bound to: the assets, their run if they have one, and the folder for them.
 * @typedef {{assets: object[], run?: string, within: string}} Bound
 */

/**
 * A failed check never stops CI: it is recorded, and judged later.
 * @param {import('./host.js').Basis} basis
 */
export async function imported(basis) {
  const { ask, clock, env, input } = basis
  const check = input.required('check')
  const path = input.text('file')
  const raw = path && (await read(path, 'file'))
  const said = raw && path ? ask('ingest', { document: ask.give(basename(path), raw) }, 'ingested') : undefined
  const bound = await bind(basis)
  const run = input.text('run') ?? bound.run ?? env.GITHUB_RUN_ID
  if (!run) throw usage('nothing says which run made the evidence', 'name it with `run`')
  const outcome = ended(said, input.choice('outcome', OUTCOMES), path)
  const tool = input.text('tool') ?? toolOf(said)
  const stem = `${plain(check)}.${plain(tool)}`
  const name = path && `${stem}.report${ending(path)}`
  const record = {
    assets: bound.assets,
    attempt: input.count('attempt', 1) ?? (Number(env.GITHUB_RUN_ATTEMPT) || 1),
    check,
    date: input.text('date') ?? clock.now(),
    outcome,
    run,
    tool,
    // A file that cannot be read proves nothing; it is kept for people.
    ...(said ? { [said.problem ? 'attachments' : 'reports']: [{ name, digest: said.document.digest }] } : {})
  }
  const place = join(input.text('into') ?? 'evidence', bound.within)
  const text = readable(ask, record, join(place, `${stem}.json`))
  if (raw && name) await write(join(place, name), raw)
  await write(join(place, `${stem}.json`), Buffer.from(text))
  return { check, tool, outcome, record: join(place, `${stem}.json`), raw: name && join(place, name) }
}

/**
 * The record's text, if the engine reads it as one.
 * @param {import('./ask.js').Ask} ask
 * @param {object} record
 * @param {string} path
 */
function readable(ask, record, path) {
  const text = `${JSON.stringify(sorted(record), null, 2)}\n`
  const { problem } = ask('ingest', { document: ask.give(path, Buffer.from(text)) }, 'ingested')
  if (!problem) return text
  throw usage(`this makes no record: ${problem.message}`, problem.help)
}

/**
 * The same with its names in order, so that every host writes the same bytes.
 * @param {any} value
 * @returns {any}
 */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])]))
}

/**
 * How the check ended: as the file says, unless the workflow knows better. Only `success` is success.
 * @param {any} said
 * @param {typeof OUTCOMES[number] | undefined} told
 * @param {string | undefined} path
 */
function ended(said, told, path) {
  const name = excerpt(path ?? '', 200)
  const word = told === 'cancelled' || told === 'skipped' ? 'failure' : told
  if (!said) {
    if (word) return word
    throw usage('nothing says how the check ended', 'give its report as `file`, or `outcome: ${{ steps.<id>.outcome }}`')
  }
  if (said.records?.length > 0) throw usage(`\`${name}\` is evidence already`, 'put it into the folder of evidence as it is')
  if (said.problem && (word === undefined || word === 'success')) {
    const help = `${said.problem.help}; or record that the check failed with \`outcome: failure\``
    throw usage(`\`${name}\` cannot be read: ${said.problem.message}`, help)
  }
  return word ?? (said.tests?.failed > 0 ? 'failure' : 'success')
}

/**
 * @param {import('./host.js').Basis} basis
 * @returns {Promise<Bound>}
 */
async function bind(basis) {
  const { input } = basis
  const [about, ...more] = ['entry', 'commit', 'image', 'uri'].filter((name) => input.text(name) !== undefined)
  if (about === undefined || more.length > 0) {
    throw usage(`the evidence is about ${about === undefined ? 'nothing' : 'several things'}`, 'give one of `entry`, `commit`, `image` and `uri`')
  }
  const value = input.required(about)
  switch (about) {
    case 'commit':
      return { assets: [{ kind: 'commit', sha: value }], within: `commit-${plain(value.slice(0, 12))}` }
    case 'image':
      return { assets: [{ kind: 'image', digest: value }], within: `image-${plain(value.replace(/^sha256:/, '').slice(0, 12))}` }
    case 'uri': {
      const digest = createHash('sha256').update(value).digest('hex')
      return { assets: [{ kind: 'generic', uri: value }], within: `uri-${digest.slice(0, 12)}` }
    }
    default:
      return bindEntry(basis, value)
  }
}

/**
 * Evidence for an entry is bound to its artifact alone: other entries may come from the same commit and run.
 * @param {import('./host.js').Basis} basis
 * @param {string} name
 * @returns {Promise<Bound>}
 */
async function bindEntry(basis, name) {
  const { input } = basis
  if (!entryPath(name)) {
    throw usage(`\`${excerpt(name, 80)}\` is not a path of an inventory entry`, 'name parts joined by `/`, none of them empty or beginning with a dot')
  }
  const { inventory } = await withInventory(host(basis))
  const branch = input.text('branch') ?? 'dev'
  const tip = await inventory.ref(`refs/heads/${branch}`)
  if (!tip) throw usage(`the inventory has no branch \`${excerpt(branch, 200)}\``, 'name another with `branch`')
  const file = (await inventory.tree(tip.commit)).find(({ path, regular }) => path === name && regular)
  if (!file) throw usage(`the inventory has no entry \`${name}\``, 'list its files')
  const entry = parsed(String((await inventory.blobs([file.id])).get(file.id)), name)
  const at = entry.artifact.lastIndexOf('@')
  const digest = entry.sha256 ?? (at >= 0 ? entry.artifact.slice(at + 1) : undefined)
  const asset = digest ? { kind: 'image', digest } : { kind: 'generic', uri: entry.provenance ?? entry.artifact }
  return { assets: [asset], run: entry.pipeline_run_id, within: name }
}

/**
 * @param {string} text
 * @param {string} name
 */
function parsed(text, name) {
  try {
    const entry = JSON.parse(text)
    if (typeof entry.artifact === 'string' && typeof entry.pipeline_run_id === 'string') return entry
  } catch {
    // Told below.
  }
  throw usage(`the inventory entry \`${name}\` cannot be read`, 'write entries with `countersign add`')
}

/** @param {string} path */
function entryPath(path) {
  const parts = path.split('/')
  return path.length <= 400 && parts.every((part) => part !== '' && !part.startsWith('.')) && !/[\u0000-\u001f\u007f-\u009f\\]/.test(path)
}

/** @param {any} said */
function toolOf(said) {
  return said?.scan?.tool || (said ? (said.format ?? 'unknown').split(' ')[0].toLowerCase() : 'pipeline')
}

/** @param {string} text */
function plain(text) {
  return [...text].map((character) => (/[A-Za-z0-9_]/.test(character) ? character : '-')).slice(0, 60).join('') || '-'
}

/** @param {string} path */
function ending(path) {
  return /^\.[A-Za-z0-9]{1,8}$/.test(extname(path)) ? extname(path) : ''
}

/**
 * Whole or not at all.
 * @param {string} path
 * @param {Uint8Array} bytes
 */
async function write(path, bytes) {
  try {
    await mkdir(dirname(path), { recursive: true })
    const making = join(dirname(path), `.${basename(path)}.making`)
    await writeFile(making, bytes)
    await rename(making, path)
  } catch (error) {
    throw usage(`\`${excerpt(path, 200)}\` cannot be written: ${/** @type {any} */ (error).code}`, 'check the input `into`')
  }
}
