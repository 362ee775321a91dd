// @ts-check
/**
 * The inventory in git: refs, files and history, and the tags that point to what was concluded last.
 *
 * Files are read from objects, never from the work tree. Branches and tags are asked of the server: a stale
 * checkout cannot lie.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { unavailable, usage } from './failure.js'
import { commitId, git, reference, succeeded } from './git.js'
import { isOvertaken, repositoryOf } from './remote.js'
import { excerpt } from './text.js'

/**
 * @typedef {{response: 'moved' | 'conflict'} | {response: 'unknown', message: string}} Moved
 * @typedef {Awaited<ReturnType<typeof inventory>>} Inventory
 */

/**
 * @param {import('./git.js').World} world
 * @param {string} folder where it is checked out
 * @param {string} server
 * @param {(url: string) => Promise<import('./remote.js').Remote>} remotes
 */
export async function inventory(world, folder, server, remotes) {
  const checkout = git(world, repositoryAt(folder))
  const paths = await checkout(['rev-parse', '--path-format=absolute', '--git-path', 'objects', '--git-path', 'shallow', '--git-path', 'config'])
  const [objects = '', cut = '', config = ''] = succeeded(paths, 'read the inventory').toString().trim().split('\n')
  const shallow = existsSync(cut) ? readFileSync(cut, 'utf8') : ''
  const origin = (await checkout(['config', '--file', config, '--get', 'remote.origin.url'])).stdout.toString().trim()
  const url = onServer(origin, server)
  const remote = await remotes(url)
  await remote.borrow({ objects, shallow })

  /** @param {string} commit */
  const has = async (commit) => (await remote.run(['cat-file', '-e', `${commit}^{commit}`])).code === 0

  return {
    repository: repositoryOf(url),

    /** What branches and tags stand for is asked again. */
    refresh: remote.forget,

    /**
     * What a full name, or the id of a commit, stands for.
     * @param {string} name
     * @returns {Promise<{object: string, commit: string} | undefined>}
     */
    async ref(name) {
      if (!name.startsWith('refs/')) {
        const there = (await has(commitId(name))) || (await remote.fetch(name))
        return there ? { object: name, commit: name } : undefined
      }
      const refs = await remote.refs()
      const object = refs.get(fullName(name))
      return object === undefined ? undefined : { object, commit: refs.get(`${name}^{}`) ?? object }
    },

    /**
     * Points an annotated tag to a commit, if it is as it was.
     * @param {{name: string, from?: string, to: string, message: string}} move
     * @param {number} seconds the time
     * @returns {Promise<Moved>}
     */
    async move({ name, from = '', to, message }, seconds) {
      const tag = fullName(name).replace(/^refs\/tags\//, '')
      const head = [`object ${commitId(to)}`, 'type commit', `tag ${tag}`, `tagger countersign <countersign@localhost> ${seconds} +0000`]
      const made = await remote.run(['hash-object', '-t', 'tag', '-w', '--stdin'], `${head.join('\n')}\n\n${message.trimEnd()}\n`)
      const object = succeeded(made, 'make a tag').toString().trim()
      const pushed = await remote.push(object, name, [`--force-with-lease=${name}:${from}`])
      if (pushed.code === 0) {
        remote.learn(name, object, to)
        return { response: 'moved' }
      }
      remote.forget()
      return isOvertaken(pushed) ? { response: 'conflict' } : { response: 'unknown', message: remote.refuse(pushed).message }
    },

    /**
     * The files of a commit; links and submodules are not regular.
     * @param {string} commit
     */
    async tree(commit) {
      const found = (await remote.listing(commitId(commit))) ?? ((await remote.fetch(commit)) ? await remote.listing(commit) : undefined)
      if (!found) throw usage(`the inventory has no commit ${commit}`, 'check it out with `fetch-depth: 0`: a shallow clone lacks older commits')
      if (found.some(({ path }) => path.includes('\ufffd'))) throw usage('the name of a file of the inventory is not UTF-8', 'rename it')
      return found.map(({ mode, id, path }) => ({ path, id, regular: mode.startsWith('100') }))
    },

    /**
     * The bytes of objects that `tree` named.
     * @param {string[]} ids
     */
    async blobs(ids) {
      const found = await remote.objects(ids.map(commitId))
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
      const lines = succeeded(await remote.run(['log', `--format=${format}`, ...words]), 'read the history').toString().split('\n')
      const commits = lines.filter(Boolean).map(logged)
      // What lies behind is not known, and no history is not a short one.
      if (commits.some(({ commit }) => shallow.includes(commit))) {
        throw usage('the inventory was checked out without its past', 'check it out with `fetch-depth: 0`')
      }
      return commits
    }
  }
}

/** @param {string} name */
function fullName(name) {
  reference(name.replace(/^refs\/(heads|tags)\//, ''))
  return name
}

/** @param {string} line */
function logged(line) {
  const [commit = '', parents = '', author = '', committer = '', seconds = '', ...subject] = line.split('\x1f')
  const at = new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z')
  return { commit, parents: parents.split(' ').filter(Boolean), author, committer, at, subject: subject.join(' ') }
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
  throw usage('the inventory was not checked out from the server that this run is on', 'check it out with `actions/checkout`, from that server')
}
