// @ts-check
/**
 * The ledger on a branch of a repository: whole files, each written only if it is as expected.
 *
 * Several files are one commit on top of the branch's tip, made without a work tree, and one push without force: the server
 * takes it only if nobody else wrote in between.
 */
import { createHash, randomUUID } from 'node:crypto'
import { digestOf } from './engine.js'
import { unavailable, usage } from './failure.js'
import { reference, succeeded } from './git.js'
import { isForbidden, isOvertaken } from './remote.js'
import { excerpt } from './text.js'

/** Milliseconds that one write may take: many jobs may write to the branch at once, each about another change. */
const WRITING_MAX = 300_000
/** Milliseconds that are waited at most between two pushes. */
const BETWEEN = 1500
/** After this many rejected pushes with no other writer, the branch is not writable. */
const BROKEN_MAX = 4
/** Files of a folder that are fetched along with one of them at most. */
const BESIDE_MAX = 16
/** Commits that are looked through for one whose push was not answered. */
const DEPTH_LOST = 200
/** Who writes. */
const WRITER = 'countersign <41898282+github-actions[bot]@users.noreply.github.com>'

/**
 * @typedef {{path: string, bytes?: Uint8Array, expected?: string}} Put without bytes: the file is removed
 * @typedef {{response: 'committed' | 'behind'} | {response: 'conflict', paths: string[]}
 *   | {response: 'unknown' | 'broken', message: string}} Committed
 * @typedef {ReturnType<typeof ledger>} Ledger
 */

/**
 * The ledger on `branch` of a repository on the server.
 * @param {Pick<import('./host.js').World, 'sleep' | 'random' | 'system'>} world
 * @param {import('./remote.js').Remote} remote
 * @param {string} branch
 */
export function ledger(world, remote, branch) {
  const ref = `refs/heads/${reference(branch)}`
  /** The commit that was at the tip when the server was asked last. @type {string | undefined} */ let tip
  /** The objects of its files. @type {Map<string, string>} */ let files = new Map()
  /** Of objects that were read or written. @type {Map<string, string>} */ const digests = new Map()
  let stale = true
  let crowd = 0

  /** Asks the server for the tip, unless what is known of it is new. */
  async function current() {
    if (!stale) return
    const now = (await remote.refs()).get(ref)
    if (now !== tip) files = now === undefined ? new Map() : await tree(now)
    crowd = tip === undefined || now === tip ? Math.max(0, crowd - 1) : crowd + 1
    tip = now
    stale = false
  }

  /** The files of a commit; their bytes stay where they are until somebody asks for them. @param {string} commit */
  async function tree(commit) {
    const items = (await remote.fetch(commit, { bare: true })) ? await remote.listing(commit) : undefined
    if (!items) throw unavailable(`the branch \`${branch}\` cannot be read: its commit ${commit} is not there`)
    return new Map(items.filter(({ mode }) => mode === '100644').map(({ path, id }) => [path, id]))
  }

  function refresh() {
    remote.forget()
    stale = true
  }

  /**
   * The objects of the files in the same folders, if they are few: whoever reads one file of a change reads others next, and one
   * more request costs more than they do.
   * @param {string[]} paths
   */
  function beside(paths) {
    const folder = (/** @type {string} */ path) => path.slice(0, path.lastIndexOf('/') + 1)
    const folders = new Set(paths.map(folder))
    const near = [...files].filter(([path]) => folders.has(folder(path)))
    return near.length > BESIDE_MAX ? [] : near.map(([, id]) => id)
  }

  /**
   * The bytes of those files that are there.
   * @param {string[]} paths
   * @returns {Promise<Map<string, Buffer>>}
   */
  async function read(paths) {
    paths.forEach(sound)
    await current()
    const there = paths.flatMap((path) => /** @type {[string, string][]} */ (files.has(path) ? [[path, files.get(path)]] : []))
    const bytes = await remote.objects([...new Set(there.map(([, id]) => id))], beside(paths))
    return new Map(
      there.map(([path, id]) => {
        const found = bytes.get(id)
        if (!found) throw unavailable(`the bytes of \`${path}\` on the branch \`${branch}\` are missing`)
        digests.set(id, digestOf(found))
        return [path, found]
      })
    )
  }

  /** The files that are not as expected. @param {Put[]} puts */
  async function differing(puts) {
    await current()
    const unknown = puts.filter(({ path }) => files.has(path) && !digests.has(files.get(path) ?? ''))
    await read(unknown.map(({ path }) => path))
    return puts.filter(({ path, expected }) => digests.get(files.get(path) ?? '') !== expected).map(({ path }) => path)
  }

  /**
   * A commit on top of the tip.
   * @param {Put[]} puts
   * @param {string} message
   */
  async function make(puts, message) {
    // A line that no other commit has: else two runs that write the same bytes at once would both have made it.
    const words = Buffer.from(`${message.trimEnd()}\n\nWrite: ${randomUUID()}\n`)
    const head = [
      ...['commit refs/countersign/next', 'mark :1', `committer ${WRITER} ${Math.floor(world.system() / 1000)} +0000`],
      ...[`data ${words.length}\n${words}`, ...(tip ? [`from ${tip}`] : [])]
    ].join('\n')
    const edits = puts.flatMap(({ path, bytes }) => {
      return bytes ? [Buffer.from(`\nM 100644 inline ${path}\ndata ${bytes.length}\n`), bytes] : [Buffer.from(`\nD ${path}`)]
    })
    const input = Buffer.concat([Buffer.from(head), ...edits, Buffer.from('\n\nget-mark :1\ndone\n')])
    if (!tip) succeeded(await remote.run(['update-ref', '-d', 'refs/countersign/next']), 'make a commit')
    return succeeded(await remote.run(['fast-import', '--quiet', '--done', '--force'], input), 'make a commit').toString().trim()
  }

  /**
   * What was pushed is what is there.
   * @param {string} made
   * @param {Put[]} puts
   */
  function adopt(made, puts) {
    tip = made
    for (const { path, bytes } of puts) {
      if (!bytes) {
        files.delete(path)
        continue
      }
      const id = blobId(bytes, made.length)
      files.set(path, id)
      digests.set(id, digestOf(bytes))
    }
  }

  /**
   * Pushes a commit, and makes another one where others wrote only other files.
   * @param {Put[]} puts
   * @param {string} message
   * @param {string[]} sent commits that were pushed without an answer
   * @returns {Promise<Committed>}
   */
  async function write(puts, message, sent) {
    const end = world.system() + WRITING_MAX
    let broken = 0
    for (let pushes = 0; world.system() < end; pushes += 1) {
      // Where others write too, nobody begins at once: else who was last would be next, again and again.
      const many = pushes || crowd
      if (many > 0) await world.sleep(Math.min(200 * many, BETWEEN) * world.random())
      const paths = await differing(puts)
      if (paths.length > 0) return { response: 'conflict', paths }
      const parent = tip
      const made = await make(puts, message)
      const pushed = await remote.push(made, ref)
      if (pushed.code === 0) {
        adopt(made, puts)
        return { response: 'committed' }
      }
      if (isForbidden(pushed)) return { response: 'broken', message: remote.refuse(pushed).message }
      if (!isOvertaken(pushed)) sent.push(made)
      refresh()
      await current()
      if (await arrived(sent)) return { response: 'committed' }
      broken = isOvertaken(pushed) || tip !== parent ? 0 : broken + 1
      if (broken === BROKEN_MAX) return { response: 'broken', message: remote.refuse(pushed).message }
    }
    return { response: 'behind' }
  }

  /**
   * Whether one of these commits took, though its push was not answered: what is sent twice is refused the second time, and
   * others may have written on top of it.
   * @param {string[]} sent
   */
  async function arrived(sent) {
    if (tip === undefined || sent.length === 0) return false
    if (sent.includes(tip)) return true
    await remote.fetch(tip, { bare: true, depth: DEPTH_LOST })
    for (const made of sent) {
      if ((await remote.run(['merge-base', '--is-ancestor', made, tip])).code === 0) return true
    }
    return false
  }

  return {
    refresh,
    read,

    /** Whether there is such a branch; the first file makes it. */
    exists: async () => (await current(), tip !== undefined),

    /** @param {string} prefix */
    list: async (prefix) => (await current(), [...files.keys()].filter((path) => path.startsWith(prefix)).sort()),

    /**
     * Writes files if each is as expected: all of them, or none.
     * @param {Put[]} puts
     * @param {string} message
     * @returns {Promise<Committed>}
     */
    async commit(puts, message) {
      puts.forEach(({ path }) => sound(path))
      /** @type {string[]} */ const sent = []
      /** @type {Committed | undefined} */ let committed
      try {
        // Perhaps what is known here is old.
        if ((await differing(puts)).length > 0) refresh()
        committed = await write(puts, message, sent)
      } catch (error) {
        if (sent.length === 0) throw error
        committed = { response: 'unknown', message: String(error instanceof Error ? error.message : error) }
      } finally {
        // Whatever kept it from being written, others may have written meanwhile.
        if (committed?.response !== 'committed') refresh()
      }
      return committed
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
  throw usage(`\`${excerpt(path, 200)}\` is not a path in the ledger`)
}
