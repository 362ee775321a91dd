// @ts-check
/**
 * The inventory in git: what is deployed at a commit, and the pointer to what was concluded last on a target.
 *
 * Files are read from objects, never from the work tree. Branches and tags are asked of the server when there is one: a
 * stale checkout cannot lie.
 */
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Refusal, unavailable, usage } from './failure.js'
import { commitId, complaint, git, listing, objects, patiently, reference, succeeded } from './git.js'
import { excerpt } from './text.js'

/** How often a pointer is moved, when nobody knows whether it took. */
const MOVES_MAX = 3

/**
 * @typedef {import('./ask.js').Named} Named
 * @typedef {{commit: string, files: Named[]}} Tree
 * @typedef {{object: string, commit: string}} Tag
 * @typedef {{name: string, before?: string}} Pointer
 */

/**
 * @typedef {object} Inventory
 * @property {string | undefined} repository its name on the server, if it is there
 * @property {(name: string) => Promise<string>} branch the tip of a branch
 * @property {(commit: string) => Promise<Tree>} tree
 * @property {(commit: string, path: string) => Promise<Named | undefined>} file
 * @property {(name: string) => Promise<{pointer: Pointer, commit?: string}>} concluded
 * @property {(pointer: Pointer, commit: string) => Promise<{code: string, message: string} | undefined>} conclude
 */

/**
 * @param {import('./store.js').World} world
 * @param {import('./ask.js').Ask} ask
 * @param {{folder: string, scratch: string, server: string, token: string}} where
 * @returns {Promise<Inventory>}
 */
export async function inventory(world, ask, where) {
  const gitDir = repositoryAt(where.folder)
  const local = git(world, gitDir)
  const origin = (await local(['config', '--get', 'remote.origin.url'])).stdout.toString().trim()
  const url = origin ? onServer(origin, where.server) : undefined
  const repository = url && new URL(url).pathname.replace(/^\/|\.git$/g, '')
  const refs = url ? await remote(world, where.scratch, { url, token: where.token }) : localRefs(local)
  const places = [local, ...refs.places]

  /** @param {string} commit */
  async function items(commit) {
    for (const place of places) {
      const found = await listing(place, commit)
      const ids = (found ?? []).filter((item) => shown(item) && item.kind === 'blob').map(({ id }) => id)
      const bytes = found && (await objects(place, [...new Set(ids)]))
      if (found && bytes && ids.every((id) => bytes.has(id))) return { found, bytes }
    }
    return undefined
  }

  /** @param {string} commit */
  async function whole(commit) {
    const there = (await items(commitId(commit))) ?? ((await refs.fetch(commit)) ? await items(commit) : undefined)
    if (there) return there
    throw usage(`the inventory has no commit ${commit}`, 'check it out with `fetch-depth: 0`: a shallow clone lacks older commits')
  }

  return {
    repository,
    branch: async (name) => {
      const tip = await refs.branch(reference(name))
      if (tip) return tip
      throw usage(`the inventory has no branch \`${excerpt(name, 200)}\``, 'a branch is an environment: name another with `branch`')
    },
    tree: async (commit) => {
      const { found, bytes } = await whole(commit)
      const files = found.filter(shown).map(({ mode, id, path }) => {
        if (!mode.startsWith('100')) throw link(path)
        if (path.includes('\ufffd')) throw usage('the name of a file of the inventory is not UTF-8', 'rename it')
        return ask.give(path, /** @type {Buffer} */ (bytes.get(id)))
      })
      return { commit, files: files.sort((a, b) => (a.name < b.name ? -1 : 1)) }
    },
    file: async (commit, path) => {
      const { found } = await whole(commit)
      const item = found.find((item) => item.path === path && item.kind === 'blob')
      if (!item) return undefined
      for (const place of places) {
        const bytes = (await objects(place, [item.id])).get(item.id)
        if (bytes) return ask.give(path, bytes)
      }
      throw unavailable(`the inventory lacks the bytes of \`${excerpt(path, 200)}\``)
    },
    concluded: async (name) => {
      const tag = await refs.tag(reference(name))
      return { pointer: { name, before: tag?.object }, commit: tag?.commit }
    },
    conclude: async (pointer, commit) => {
      try {
        return await moved(refs, pointer, commitId(commit))
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        return { code: 'unavailable', message: error.message }
      }
    }
  }
}

/**
 * Where branches and tags are.
 * @typedef {object} Refs
 * @property {import('./git.js').Git[]} places where objects are, besides the checkout
 * @property {(name: string) => Promise<string | undefined>} branch
 * @property {(name: string) => Promise<Tag | undefined>} tag
 * @property {(commit: string) => Promise<boolean>} fetch
 * @property {(name: string, commit: string, before?: string) => Promise<import('./git.js').Ended>} move
 */

/**
 * Moves the pointer if it is as it was when this run began, and reads it back.
 * @param {Refs} refs
 * @param {Pointer} pointer
 * @param {string} commit
 */
async function moved(refs, { name, before }, commit) {
  let why = 'it reads otherwise afterwards'
  let code = 'write-not-taken'
  for (let tries = 0; tries < MOVES_MAX; tries += 1) {
    const now = await refs.tag(name)
    if (now?.commit === commit) return undefined
    if (now?.object !== before) return { code: 'conflict', message: `the tag \`${name}\` was moved by another run in between` }
    // Whatever it says, the next look tells whether it took.
    const ended = await refs.move(name, commit, before)
    if (ended.code !== 0) [code, why] = ['unavailable', excerpt(complaint(ended), 400)]
  }
  if ((await refs.tag(name))?.commit === commit) return undefined
  return { code, message: `the tag \`${name}\` cannot be moved: ${why}` }
}

/**
 * Branches and tags of a repository on the server. Objects that the checkout lacks are fetched into `scratch`.
 * @param {import('./store.js').World} world
 * @param {string} scratch
 * @param {import('./git.js').Remote} server
 * @returns {Promise<Refs>}
 */
async function remote(world, scratch, server) {
  const run = git(world, scratch, server)
  succeeded(await run(['init', '--quiet', '--bare', '--template=', scratch]), 'make a repository')
  succeeded(await run(['config', 'remote.origin.url', server.url]), 'make a repository')

  /** @param {string[]} names */
  async function ask(...names) {
    const ended = await patiently(world, run, ['ls-remote', '--quiet', 'origin', ...names])
    if (ended.code !== 0) throw unavailable(`the tags of the inventory cannot be read: ${excerpt(complaint(ended), 400)}`, 'check the input `token`: it needs `contents: read`')
    const lines = ended.stdout.toString().split('\n').filter(Boolean)
    return new Map(lines.map((line) => /** @type {[string, string]} */ (line.split('\t').reverse())))
  }

  /** @param {string} commit */
  async function fetch(commit) {
    const options = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules', '--depth=1']
    return (await patiently(world, run, ['fetch', ...options, 'origin', commit])).code === 0
  }

  return {
    places: [run],
    fetch,
    branch: async (name) => (await ask(`refs/heads/${name}`)).get(`refs/heads/${name}`),
    tag: async (name) => {
      const full = `refs/tags/${name}`
      const found = await ask(full, `${full}^{}`)
      const object = found.get(full)
      return object === undefined ? undefined : { object, commit: found.get(`${full}^{}`) ?? object }
    },
    move: async (name, commit, before) => {
      await fetch(commit)
      const full = `refs/tags/${name}`
      const lease = `--force-with-lease=${full}:${before ?? ''}`
      return run(['push', '--porcelain', '--no-verify', '--no-signed', lease, 'origin', `${commit}:${full}`])
    }
  }
}

/**
 * Branches and tags of a repository that has no server.
 * @param {import('./git.js').Git} run
 * @returns {Refs}
 */
function localRefs(run) {
  const parse = async (/** @type {string} */ name) => {
    const ended = await run(['rev-parse', '--verify', '--quiet', name])
    return ended.code === 0 ? ended.stdout.toString().trim() : undefined
  }
  return {
    places: [],
    fetch: async () => false,
    branch: (name) => parse(`refs/heads/${name}^{commit}`),
    tag: async (name) => {
      const object = await parse(`refs/tags/${name}`)
      const commit = await parse(`refs/tags/${name}^{commit}`)
      if (object && !commit) throw usage(`the tag \`${name}\` is not about a commit`, 'point it to a commit')
      return object && commit ? { object, commit } : undefined
    },
    move: (name, commit, before) =>
      run(['update-ref', '--no-deref', '-m', 'countersign', `refs/tags/${name}`, commit, before ?? '0'.repeat(commit.length)])
  }
}

/**
 * The repository in a folder itself, with or without a work tree; not one of a parent.
 * @param {string} folder
 */
function repositoryAt(folder) {
  const inner = join(folder, '.git')
  if (existsSync(inner)) return inner
  const bare = ['objects', 'refs'].every((name) => isFolder(join(folder, name))) && existsSync(join(folder, 'HEAD'))
  if (bare) return folder
  throw usage(`there is no git repository at \`${excerpt(folder, 200)}\``, 'check out the inventory first, and name its folder with `inventory`')
}

/** @param {string} path */
function isFolder(path) {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/**
 * The address of a repository on the configured server: the token is sent to no other.
 * @param {string} origin
 * @param {string} server
 */
function onServer(origin, server) {
  const host = new URL(server)
  const scp = /^(?:ssh:\/\/)?git@([^:/]+)[:/](.+)$/.exec(origin)
  const text = scp && scp[1] === host.hostname ? `${host.origin}/${scp[2]}` : origin
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.origin === host.origin) return `${url.origin}${url.pathname}`
  throw usage('the inventory was checked out from another server than this run is on', 'keep the inventory on the server that runs the workflow')
}

/** Whatever is hidden is passed over. */
function shown(/** @type {import('./git.js').Item} */ { path }) {
  return !path.split('/').some((part) => part.startsWith('.'))
}

/** A link in an inventory may point anywhere, so nobody can say what it deploys. */
function link(/** @type {string} */ path) {
  const help = 'put the entry itself there: links and submodules are not followed'
  return usage(`\`${excerpt(path, 200)}\` in the inventory is not a regular file`, help)
}
