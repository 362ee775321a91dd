// @ts-check
/**
 * Files of the workflow: read whole and bounded, links not followed.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { usage } from './failure.js'
import { excerpt } from './text.js'

/** Bytes of one document at most; the engine refuses larger ones. */
const SIZE_MAX = 64 << 20

/** What the system says, in words. @type {Record<string, string>} */
const WHY = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such folder',
  EISDIR: 'it is a folder',
  EACCES: 'it is not permitted'
}

/**
 * @param {string} path
 * @param {string} input the input that names it
 */
export async function read(path, input) {
  try {
    const { size } = await stat(path)
    if (size > SIZE_MAX) throw usage(`\`${excerpt(path, 200)}\` has more than ${SIZE_MAX} bytes`, 'a document has at most 64 MiB')
    return await readFile(path)
  } catch (error) {
    throw unreadable(path, input, error)
  }
}

/**
 * A single document, called as its file is.
 * @param {import('./ask.js').Ask} ask
 * @param {string | undefined} path
 * @param {string} input
 */
export async function document(ask, path, input) {
  return path === undefined ? undefined : ask.give(basename(path), await read(path, input))
}

/**
 * Every regular file below a folder, with its path there; names that begin with a dot are passed over.
 * @param {string} folder
 * @param {string} input
 * @returns {Promise<{files: [string, string][], links: string[]}>}
 */
export async function below(folder, input) {
  /** @type {[string, string][]} */ const files = []
  /** @type {string[]} */ const links = []
  async function collect(/** @type {string} */ at, /** @type {string} */ within) {
    const entries = await readdir(at, { withFileTypes: true }).catch((error) => {
      throw unreadable(folder, input, error)
    })
    for (const entry of entries.filter(({ name }) => !name.startsWith('.'))) {
      const [path, name] = [join(at, entry.name), `${within}${entry.name}`]
      if (entry.isDirectory()) await collect(path, `${name}/`)
      else if (entry.isFile()) files.push([name, path])
      else if (entry.isSymbolicLink()) links.push(name)
    }
  }
  await collect(folder, '')
  return { files: files.sort(([a], [b]) => (a < b ? -1 : 1)), links }
}

/**
 * @param {string} path
 * @param {string} input
 * @param {unknown} error
 */
function unreadable(path, input, error) {
  if (error instanceof Error && 'exitCode' in error) return error
  const { code } = /** @type {{code?: string}} */ (error ?? {})
  const why = (code && WHY[code]) ?? code ?? 'it cannot be opened'
  return usage(`\`${excerpt(path, 200)}\`, the input \`${input}\`, cannot be read: ${why}`, 'check the path: it is relative to the workspace')
}
