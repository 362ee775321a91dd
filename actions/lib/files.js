// @ts-check
/**
 * Files of the workflow: read whole and bounded, written whole, links not followed.
 */
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { unavailable, usage } from './failure.js'
import { excerpt } from './text.js'

/** Bytes of one document at most; the engine refuses larger ones. */
const SIZE_MAX = 64 << 20

/** What the system says, in words. @type {Record<string, string>} */
const WHY = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such folder',
  EISDIR: 'it is a folder',
  EEXIST: 'a file is where its folder should be',
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
 * Every regular file below a folder, with its path there; names that begin with a dot are passed over, links are named.
 * @param {string} folder
 * @param {string} input
 */
export async function below(folder, input) {
  /** @type {{path: string, size: number}[]} */ const files = []
  /** @type {string[]} */ const links = []
  async function collect(/** @type {string} */ at, /** @type {string} */ within) {
    const entries = await readdir(at, { withFileTypes: true }).catch((error) => {
      throw unreadable(folder, input, error)
    })
    for (const entry of entries.filter(({ name }) => !name.startsWith('.'))) {
      const path = `${within}${entry.name}`
      if (entry.isDirectory()) await collect(join(at, entry.name), `${path}/`)
      else if (entry.isFile()) files.push({ path, size: (await stat(join(at, entry.name))).size })
      else if (entry.isSymbolicLink()) links.push(path)
    }
  }
  await collect(folder, '')
  return { files: files.sort((a, b) => (a.path < b.path ? -1 : 1)), links: links.sort() }
}

/**
 * The bytes of a file of a folder; nothing if it is not there. No link leads out of the folder.
 * @param {string} folder
 * @param {string} path
 * @param {string} input
 */
export async function readWithin(folder, path, input) {
  const file = join(folder, path)
  if (!existsSync(file)) return undefined
  const [root, target] = [await realpath(folder), await realpath(file)]
  if (target.startsWith(join(root, sep))) return read(file, input)
  throw usage(`\`${excerpt(file, 200)}\`, the input \`${input}\`, leads out of its folder`, 'put the file itself there: links are not followed')
}

/**
 * Writes a file of a folder, whole or not at all. Which file it is, the engine says.
 * @param {string} folder
 * @param {string} path
 * @param {Uint8Array} bytes
 * @param {string} input
 */
export async function writeWithin(folder, path, bytes, input) {
  const file = resolve(folder, path)
  if (!file.startsWith(join(resolve(folder), sep))) throw usage(`\`${excerpt(path, 200)}\`, of the input \`${input}\`, leads out of its folder`)
  try {
    await mkdir(dirname(file), { recursive: true })
    const making = join(dirname(file), `.${basename(file)}.making`)
    await writeFile(making, bytes)
    await rename(making, file)
  } catch (error) {
    const { code } = /** @type {{code?: string}} */ (error ?? {})
    throw unavailable((code && WHY[code]) ?? code ?? 'it cannot be made')
  }
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
