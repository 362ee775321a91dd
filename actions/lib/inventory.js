// @ts-check
/**
 * The inventory in git: refs, files and history, and the tags that point to what was concluded last.
 *
 * Files are read from objects, never from the work tree. Branches and tags are asked of the server when there is one: a
 * stale checkout cannot lie.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { unavailable, usage } from './failure.js'
import { commitId, complaint, git, listing, objects, reference, succeeded } from './git.js'
import { isOvertaken } from './remote.js'
import { excerpt } from './text.js'

/**
 * @typedef {{object: string, commit: string}} Held
 * @typedef {{response: 'moved' | 'conflict'} | {response: 'unknown', message: string}} Moved
 * @typedef {Awaited<ReturnType<typeof inventory>>} Inventory
 */

/**
 * Where refs are, and the git that reads objects.
 * @typedef {object} Home
 * @property {import('./git.js').Git} run
 * @property {(ids: string[]) => Promise<Map<string, Buffer>>} objects
 * @property {(commit: string) => Promise<boolean>} fetch
 * @property {(name: string) => Promise<Held | undefined>} held what a full name of a branch or tag holds
 * @property {(name: string, object: string, before: string | undefined) => Promise<Moved>} move
 */

/**
 * @param {import('./git.js').World} world
 * @param {string} folder where it is checked out
 * @param {string} server
 * @param {(url: string) => Promise<import('./remote.js').Remote>} remote
 */
export async function inventory(world, folder, server, remote) {
  const checkout = git(world, repositoryAt(folder))
  const paths = await checkout(['rev-parse', '--path-format=absolute', '--git-path', 'objects', '--git-path', 'shallow', '--git-path', 'config'])
  const [borrowed = '', cut = '', config = ''] = succeeded(paths, 'read the inventory').toString().trim().split('\n')
  const shallow = existsSync(cut) ? readFileSync(cut, 'utf8') : ''
  const origin = (await checkout(['config', '--file', config, '--get', 'remote.origin.url'])).stdout.toString().trim()
  const url = origin ? onServer(origin, server) : undefined
  const home = url ? await there(await remote(url), { objects: borrowed, shallow }) : here(checkout)

  /** @param {string} commit */
  const has = async (commit) => (await home.run(['cat-file', '-e', `${commitId(commit)}^{commit}`])).code === 0

  return {
    repository: url && new URL(url).pathname.replace(/^\/|\.git$/g, ''),

    /**
     * What a full name, or the id of a commit, stands for.
     * @param {string} name
     * @returns {Promise<Held | undefined>}
     */
    async ref(name) {
      if (name.startsWith('refs/')) {
        reference(name.replace(/^refs\/(heads|tags)\//, ''))
        return home.held(name)
      }
      return (await has(name)) || ((await home.fetch(name)) && (await has(name))) ? { object: name, commit: name } : undefined
    },

    /**
     * Points an annotated tag to a commit, if it is as it was.
     * @param {{name: string, from?: string, to: string, message: string}} move
     * @param {number} seconds the time
     */
    async move({ name, from, to, message }, seconds) {
      const tag = reference(name.replace(/^refs\/tags\//, ''))
      const head = [`object ${commitId(to)}`, 'type commit', `tag ${tag}`, `tagger countersign <countersign@localhost> ${seconds} +0000`]
      const made = await home.run(['hash-object', '-t', 'tag', '-w', '--stdin'], `${head.join('\n')}\n\n${message.trimEnd()}\n`)
      return home.move(name, succeeded(made, 'make a tag').toString().trim(), from)
    },

    /**
     * The files of a commit; links and submodules are not regular.
     * @param {string} commit
     */
    async tree(commit) {
      const found = (await listing(home.run, commitId(commit))) ?? ((await home.fetch(commit)) ? await listing(home.run, commit) : undefined)
      if (!found) throw usage(`the inventory has no commit ${commit}`, 'check it out with `fetch-depth: 0`: a shallow clone lacks older commits')
      if (found.some(({ path }) => path.includes('\ufffd'))) throw usage('the name of a file of the inventory is not UTF-8', 'rename it')
      return found.map(({ mode, id, path }) => ({ path, id, regular: mode.startsWith('100') }))
    },

    /**
     * The bytes of objects that `tree` named.
     * @param {string[]} ids
     */
    async blobs(ids) {
      const found = await home.objects(ids.map(commitId))
      const lacking = ids.find((id) => !found.has(id))
      if (lacking === undefined) return found
      throw unavailable(`the inventory lacks the object ${lacking}`)
    },

    /**
     * The commits that `to` has and `from` has not, newest first.
     * @param {{from?: string, to: string}} range
     */
    async log({ from, to }) {
      const format = ['%H', '%P', '%ae', '%ce', '%ct', '%s'].join('%x1f')
      const words = [commitId(to), ...(from ? [`^${commitId(from)}`] : [])]
      const lines = succeeded(await home.run(['log', `--format=${format}`, ...words]), 'read the history').toString().split('\n')
      const commits = lines.filter(Boolean).map(logged)
      // What lies behind is not known, and no history is not a short one.
      if (commits.some(({ commit }) => shallow.includes(commit))) {
        throw usage('the inventory was checked out without its past', 'check it out with `fetch-depth: 0`')
      }
      return commits
    }
  }
}

/** @param {string} line */
function logged(line) {
  const [commit = '', parents = '', author = '', committer = '', seconds = '', ...subject] = line.split('\x1f')
  const at = new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z')
  return { commit, parents: parents.split(' ').filter(Boolean), author, committer, at, subject: subject.join(' ') }
}

/**
 * Refs of a repository on the server. Objects that the checkout lacks are fetched.
 * @param {import('./remote.js').Remote} remote
 * @param {{objects: string, shallow: string}} checkout
 * @returns {Promise<Home>}
 */
async function there(remote, checkout) {
  await remote.borrow(checkout)
  return {
    run: remote.run,
    objects: remote.objects,
    fetch: (commit) => remote.fetch(commit),
    held: async (name) => {
      const refs = await remote.refs()
      const object = refs.get(name)
      return object === undefined ? undefined : { object, commit: refs.get(`${name}^{}`) ?? object }
    },
    move: async (name, object, before) => {
      const pushed = await remote.push(object, name, [`--force-with-lease=${name}:${before ?? ''}`])
      remote.forget()
      if (pushed.code === 0) return { response: 'moved' }
      return isOvertaken(pushed) ? { response: 'conflict' } : { response: 'unknown', message: remote.refuse(pushed).message }
    }
  }
}

/**
 * Refs of a repository that has no server.
 * @param {import('./git.js').Git} run
 * @returns {Home}
 */
function here(run) {
  const parse = async (/** @type {string} */ name) => {
    const ended = await run(['rev-parse', '--verify', '--quiet', name])
    return ended.code === 0 ? ended.stdout.toString().trim() : undefined
  }
  return {
    run,
    objects: (ids) => objects(run, ids),
    fetch: async () => false,
    held: async (name) => {
      const object = await parse(name)
      const commit = await parse(`${name}^{commit}`)
      if (object && !commit) throw usage(`\`${name}\` is not about a commit`, 'point it to a commit')
      return object && commit ? { object, commit } : undefined
    },
    move: async (name, object, before) => {
      const nothing = '0'.repeat(object.length)
      const ended = await run(['update-ref', '--no-deref', '-m', 'countersign', name, object, before ?? nothing])
      return ended.code === 0 ? { response: 'moved' } : { response: 'unknown', message: excerpt(complaint(ended), 300) }
    }
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
  if (url?.origin === host.origin) return `${url.origin}${url.pathname.replace(/\/*(\.git)?\/*$/, '')}.git`
  throw usage('the inventory was checked out from another server than this run is on', 'keep the inventory on the server that runs the workflow')
}
