// @ts-check
/**
 * The store port over a branch of a git repository: whole files, compare-and-set, no locks.
 *
 * What is written is a commit on top of the branch's tip, made without a work tree, and pushed without force: the server
 * takes it only if nobody else wrote in between.
 */
import { createHash, randomUUID } from 'node:crypto'
import { digestOf } from './engine.js'
import { unavailable, usage } from './failure.js'
import { complaint, git, isAbsent, listing, objects, patiently, reference, succeeded } from './git.js'
import { excerpt } from './text.js'

/** Milliseconds that one write may take: many jobs may write to the branch at once, each about another change. */
const WRITING_MAX = 300_000
/** Milliseconds that are waited at most between two pushes. */
const BETWEEN = 1500
/** Pushes that nobody else's writing explains, one after the other, at most. */
const BROKEN_MAX = 4
/** Commits that are looked through for one whose push was not answered. */
const DEPTH_LOST = 200
/** Where the fetched tip is kept. */
const TIP = 'refs/countersign/tip'
/** Only what is asked for, and nothing that a configuration adds. */
const FETCH = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--filter=blob:none']
/** Who writes. */
const WRITER = 'countersign <41898282+github-actions[bot]@users.noreply.github.com>'

/**
 * A file of the store: its bytes and their digest.
 * @typedef {{bytes: Buffer, digest: string}} Found
 * @typedef {object} Store
 * @property {string} place where people look at it
 * @property {() => Promise<boolean>} exists whether there is such a branch; the first file makes it
 * @property {() => void} refresh what was read so far is old: the next reading asks the server
 * @property {(path: string) => Promise<Found | undefined>} get
 * @property {(paths: string[]) => Promise<Map<string, Found>>} getAll
 * @property {(path: string, bytes: Uint8Array, expected?: string) => Promise<'stored' | 'conflict'>} put
 * @property {(prefix: string) => Promise<string[]>} list
 */

/**
 * @typedef {object} World
 * @property {Record<string, string | undefined>} env
 * @property {typeof import('node:child_process').spawn} spawn
 * @property {(milliseconds: number) => Promise<void>} sleep
 * @property {() => number} random
 * @property {() => number} system
 */

/**
 * The store in the branch `branch` of a repository on the server.
 * @param {World} world
 * @param {string} folder an empty folder for the objects
 * @param {{url: string, token: string, branch: string, place: string}} where
 * @returns {Promise<Store>}
 */
export async function gitStore(world, folder, where) {
  const run = git(world, folder, where)
  const ref = `refs/heads/${reference(where.branch)}`
  succeeded(await run(['init', '--quiet', '--bare', '--template=', folder]), 'make a repository')
  succeeded(await run(['config', 'remote.store.url', where.url]), 'make a repository')

  /** @type {string | undefined} */ let tip
  /** @type {Map<string, string>} */ let files = new Map()
  let stale = true
  /** Of objects that were read or written. @type {Map<string, string>} */
  const digests = new Map()
  // How often others were seen to write of late.
  let crowd = 0

  /** Waits for a while, the longer the more there were, and reads anew. @param {number} many */
  async function pause(many) {
    await world.sleep(Math.min(200 * many, BETWEEN) * world.random())
    stale = true
  }

  const refuse = (/** @type {import('./git.js').Ended} */ ended, /** @type {string} */ doing) => {
    const help = 'the job needs the permission `contents: write`, and the token must be allowed to write the branch'
    return unavailable(`the records branch \`${where.branch}\` cannot be ${doing}: ${excerpt(complaint(ended), 400)}`, help)
  }

  /** @param {number} [depth] */
  async function fetch(depth = 1) {
    const ended = await patiently(world, run, ['fetch', ...FETCH, `--depth=${depth}`, 'store', `+${ref}:${TIP}`])
    if (ended.code === 0) {
      const now = succeeded(await run(['rev-parse', '--verify', `${TIP}^{commit}`]), 'read the branch').toString().trim()
      if (now !== tip) files = await tree(now)
      crowd = tip === undefined || now === tip ? Math.max(0, crowd - 1) : crowd + 1
      tip = now
    } else if (isAbsent(ended)) {
      tip = undefined
      files = new Map()
    } else {
      throw refuse(ended, 'read')
    }
    stale = false
  }

  /** @param {string} commit */
  async function tree(commit) {
    const items = await listing(run, commit)
    if (!items) throw unavailable(`the records branch \`${where.branch}\` cannot be read: its tree is not there`)
    return new Map(items.filter(({ mode }) => mode === '100644').map(({ path, id }) => [path, id]))
  }

  /** @param {string[]} paths */
  async function getAll(paths) {
    paths.forEach(sound)
    if (stale) await fetch()
    const there = paths.filter((path) => files.has(path))
    const id = (/** @type {string} */ path) => files.get(path) ?? ''
    const bytes = await blobs([...new Set(there.map(id))])
    return new Map(
      there.map((path) => {
        const found = bytes.get(id(path))
        if (!found) throw unavailable(`\`${path}\` of the records branch cannot be read: its bytes are not there`)
        return [path, { bytes: found, digest: digestOf(found) }]
      })
    )
  }

  /**
   * Bytes are fetched when they are asked for: old attachments stay where they are.
   * @param {string[]} ids
   */
  async function blobs(ids) {
    const there = await objects(run, ids, { env: { GIT_NO_LAZY_FETCH: '1' } })
    const lacking = ids.filter((id) => !there.has(id))
    if (lacking.length === 0) return there
    const input = lacking.map((id) => `${id}\n`).join('')
    const ended = await patiently(world, run, ['-c', 'fetch.negotiationAlgorithm=noop', 'fetch', ...FETCH, '--stdin', 'store'], { input })
    if (ended.code !== 0) throw refuse(ended, 'read')
    return new Map([...there, ...(await objects(run, lacking))])
  }

  const get = async (/** @type {string} */ path) => (await getAll([path])).get(path)

  /**
   * The digest of what is there now.
   * @param {string} path
   */
  async function digestAt(path) {
    if (stale) await fetch()
    const id = files.get(path)
    const known = id && digests.get(id)
    if (id && !known) digests.set(id, (await get(path))?.digest ?? '')
    return id && digests.get(id)
  }

  /**
   * A commit on top of the tip with `bytes` at `path`.
   * @param {string} path
   * @param {Uint8Array} bytes
   */
  async function commit(path, bytes) {
    // A line that no other commit has: what was pushed can be told from what somebody else wrote.
    const message = Buffer.from(`${path}\n\nWrite: ${randomUUID()}\n`)
    const head = [
      'commit refs/countersign/next',
      'mark :1',
      `committer ${WRITER} ${Math.floor(world.system() / 1000)} +0000`,
      `data ${message.length}\n${message}`,
      ...(tip ? [`from ${tip}`] : []),
      `M 100644 inline ${path}`,
      `data ${bytes.length}\n`
    ].join('\n')
    const input = Buffer.concat([Buffer.from(head), bytes, Buffer.from('\n\nget-mark :1\ndone\n')])
    if (!tip) succeeded(await run(['update-ref', '-d', 'refs/countersign/next']), 'make a commit')
    const made = succeeded(await run(['fast-import', '--quiet', '--done', '--force'], { input }), 'make a commit')
    return made.toString().trim()
  }

  /**
   * @param {string} path
   * @param {Uint8Array} bytes
   * @param {string} [expected]
   * @returns {Promise<'stored' | 'conflict'>}
   */
  async function put(path, bytes, expected) {
    sound(path)
    const end = world.system() + WRITING_MAX
    let broken = 0
    // Where others write too, nobody begins at once: else who was last would be next, again and again.
    if (crowd > 0) await pause(crowd)
    for (let pushes = 1; world.system() < end; pushes += 1) {
      if ((await digestAt(path)) !== expected) {
        // Perhaps what is known here is old.
        await fetch()
        if ((await digestAt(path)) !== expected) return 'conflict'
      }
      const parent = tip
      const made = await commit(path, bytes)
      const pushed = await run(['push', '--porcelain', '--no-verify', '--no-signed', 'store', `${made}:${ref}`])
      if (pushed.code === 0) {
        // What is known here stays as old as it was, but for this file.
        tip = made
        files.set(path, blobId(bytes, made.length))
        digests.set(blobId(bytes, made.length), digestOf(bytes))
        return 'stored'
      }
      // That is said before anything is sent: somebody else wrote.
      const unsent = /^!\t.*\t\[rejected\]/m.test(pushed.stdout.toString())
      if (!unsent && (await arrived(made, pushed))) return 'stored'
      broken = unsent || tip !== parent ? 0 : broken + 1
      if (broken === BROKEN_MAX) throw refuse(pushed, 'written')
      await pause(pushes)
    }
    throw unavailable(
      `\`${path}\` cannot be written to the records branch: others wrote to it in between, again and again`,
      'run the job again; it continues where it was'
    )
  }

  /**
   * Whether a push that did not succeed took all the same: its answer may have been lost on the way, and what was sent
   * twice is refused the second time.
   * @param {string} made
   * @param {import('./git.js').Ended} pushed
   */
  async function arrived(made, pushed) {
    const answer = pushed.stdout.toString()
    if (/^!\t.*\[remote rejected\].*(hook declined|protected|not allowed|prohibited|denied)/m.test(answer)) {
      throw refuse(pushed, 'written')
    }
    await fetch(DEPTH_LOST)
    return tip !== undefined && (await run(['merge-base', '--is-ancestor', made, tip])).code === 0
  }

  return {
    place: where.place,
    exists: async () => {
      if (stale) await fetch()
      return tip !== undefined
    },
    refresh: () => (stale = true),
    get,
    getAll,
    put,
    list: async (prefix) => {
      if (stale) await fetch()
      return [...files.keys()].filter((path) => path.startsWith(prefix)).sort()
    }
  }
}

/**
 * The id that git gives to these bytes.
 * @param {Uint8Array} bytes
 * @param {number} length of ids in this repository
 */
function blobId(bytes, length) {
  const hash = createHash(length === 40 ? 'sha1' : 'sha256')
  return hash.update(`blob ${bytes.length}\0`).update(bytes).digest('hex')
}

/**
 * Segments of letters, digits, `.`, `_` and `-`, not beginning with a dot.
 * @param {string} path
 */
function sound(path) {
  const segments = path.split('/')
  if (segments.length <= 8 && segments.every((segment) => /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(segment))) return
  throw usage(`\`${excerpt(path, 200)}\` is not a path in the store`)
}
