// @ts-check
/**
 * A repository on the server, and a repository of this run that holds what was fetched of it.
 *
 * Remote traffic runs in the latter alone: it has no configuration but this host's (T68). Its folder is random, and nobody
 * else's.
 */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { unavailable } from './failure.js'
import { complaint, git, isAbsent, isDenied, listing, objects, patiently, reach, succeeded } from './git.js'
import { excerpt } from './text.js'

/** Only what is asked for, and nothing that a configuration adds. */
const FETCH = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules']
const PUSH = ['push', '--porcelain', '--no-verify', '--no-signed']

/**
 * @typedef {import('./git.js').Ended} Ended
 * @typedef {Awaited<ReturnType<typeof remote>>} Remote
 */

/**
 * A new repository of this run; the runner takes its folder away.
 * @param {import('./git.js').World} world
 * @param {import('./git.js').Server} [server]
 */
export async function scratch(world, server) {
  const folder = await mkdtemp(join(world.env.RUNNER_TEMP || tmpdir(), 'countersign-'))
  const run = git(world, folder, server)
  succeeded(await run(['init', '--quiet', '--bare', '--template=', folder]), 'make a repository')
  return { folder, run }
}

/**
 * @param {import('./git.js').World} world
 * @param {{url: string, token: string}} where
 */
export async function remote(world, where) {
  const { folder, run } = await scratch(world, { ...where, reach: await reach(world) })
  succeeded(await run(['config', 'remote.origin.url', where.url]), 'make a repository')
  /** What the server's branches and tags were when it was asked last. @type {Map<string, string> | undefined} */
  let known

  const path = repositoryOf(where.url)

  /** @param {Ended} ended */
  function refuse(ended) {
    const needs = 'the token needs `contents: read`, and to write `contents: write`'
    return unavailable(`git cannot reach \`${excerpt(path, 100)}\`: ${excerpt(complaint(ended), 160)}; ${needs}`)
  }

  return {
    run,
    url: where.url,
    refuse,

    /** Whoever asks next asks the server. */
    forget: () => (known = undefined),

    /**
     * A tag that was just pushed: that the server took it says what it is.
     * @param {string} name
     * @param {string} object
     * @param {string} commit
     */
    learn: (name, object, commit) => void known?.set(name, object).set(`${name}^{}`, commit),

    /** Branches and tags by their full names; of an annotated tag also its commit, under `<name>^{}`. */
    async refs() {
      if (known) return known
      const ended = await patiently(world, run, ['ls-remote', '--quiet', '--heads', '--tags', 'origin'])
      if (ended.code !== 0) throw refuse(ended)
      const lines = ended.stdout.toString().split('\n').filter(Boolean)
      // What is not git's answer may look like no refs at all, and that would be taken for: nothing was ever recorded.
      if (lines.length === 0) throw unavailable(`the server shows no branch of \`${excerpt(path, 100)}\`; an empty repository needs a first commit`)
      known = new Map(lines.map((line) => /** @type {[string, string]} */ (line.split('\t').reverse())))
      return known
    },

    /**
     * Fetches a commit without its past, and where `bare` without its files. Says whether the server has it.
     * @param {string} commit
     * @param {{bare?: boolean, depth?: number}} [how] `depth`: with so many commits of its past
     */
    async fetch(commit, { bare = false, depth = 1 } = {}) {
      const filter = bare ? ['--filter=blob:none'] : []
      const ended = await patiently(world, run, [...FETCH, ...filter, `--depth=${depth}`, 'origin', commit])
      if (ended.code !== 0 && !isAbsent(ended)) throw refuse(ended)
      return ended.code === 0
    },

    /**
     * The objects with these ids; those that are not here yet are fetched at once.
     * @param {string[]} ids
     * @param {string[]} [next] objects that are likely to be wanted next: fetched along, if anything is
     */
    async objects(ids, next = []) {
      const here = await objects(run, ids)
      const lacking = ids.filter((id) => !here.has(id))
      if (lacking.length === 0) return here
      const there = await objects(run, next)
      const input = [...new Set([...lacking, ...next.filter((id) => !there.has(id))])].map((id) => `${id}\n`).join('')
      const words = ['-c', 'fetch.negotiationAlgorithm=noop', ...FETCH, '--filter=blob:none', '--stdin', 'origin']
      const ended = await patiently(world, run, words, input)
      if (ended.code !== 0) throw refuse(ended)
      return new Map([...here, ...(await objects(run, lacking))])
    },

    /** @param {string} commit */
    listing: (commit) => listing(run, commit),

    /**
     * Pushes an object to a full name, once.
     * @param {string} object
     * @param {string} name
     * @param {string[]} [how]
     */
    push: (object, name, how = []) => run([...PUSH, ...how, 'origin', `${object}:${name}`]),

    /**
     * Reads the objects of a checkout as well, but none of its configuration.
     * @param {{objects: string, shallow: string}} checkout a folder; and the commits whose past it lacks
     */
    async borrow(checkout) {
      await writeFile(join(folder, 'objects/info/alternates'), `${checkout.objects}\n`)
      if (checkout.shallow !== '') await writeFile(join(folder, 'shallow'), checkout.shallow)
    }
  }
}

/**
 * `owner/name` of a repository on the server.
 * @param {string} url
 */
export function repositoryOf(url) {
  return new URL(url).pathname.replace(/^\/|\.git$/g, '')
}

/**
 * Whether the server refused a push before anything was sent: somebody else was there first.
 * @param {Ended} pushed
 */
export function isOvertaken({ stdout }) {
  return /^!\t.*\t\[rejected\]/m.test(stdout.toString())
}

/**
 * Whether the server may not be written to.
 * @param {Ended} pushed
 */
export function isForbidden(pushed) {
  const refused = /^!\t.*\[remote rejected\].*(hook declined|protected|not allowed|prohibited|denied)/m
  return refused.test(pushed.stdout.toString()) || isDenied(pushed)
}
