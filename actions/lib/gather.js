// @ts-check
/**
 * Gathers the documents of a change and gives their bytes to the engine.
 */
import { below, document, read } from './files.js'
import { journals } from './records.js'

/**
 * @param {{environment: string, region?: string}} target
 * @param {string} environment
 */
export function pointerName({ region }, environment) {
  return region === undefined ? `${environment}_latest` : `${region}_${environment}_latest`
}

/**
 * Reads everything that a plan is made from, but the promotion.
 * @param {import('./host.js').Host} host
 * @param {{target: ReturnType<typeof import('./settings.js').target>, commit: string}} change
 */
export async function gather({ ask, input, inventory, store, tell }, { target, commit }) {
  const current = await inventory.tree(commit)
  const { pointer, commit: last } = await inventory.concluded(pointerName(target, target.environment))
  const staging = input.text('staging')
  const proved = staging && (await inventory.concluded(pointerName(target, staging))).commit
  const documents = {
    policy: await document(ask, input.text('policy'), 'policy'),
    evidence_checks: await document(ask, input.text('evidence-checks'), 'evidence-checks'),
    inventory: current,
    concluded: last && (await inventory.tree(last)),
    staging: proved && (await inventory.tree(proved)),
    ignore_file: await inventory.file(commit, input.text('ignore-file') ?? '.inventoryignore'),
    evidence: await evidence(ask, input.lines('evidence'), tell)
  }
  return { documents, history: await journals(ask, store), pointer }
}

/**
 * Every file below the evidence folders. Of several folders the names say which.
 * @param {import('./ask.js').Ask} ask
 * @param {string[]} folders
 * @param {import('./tell.js').Tell} tell
 */
async function evidence(ask, folders, tell) {
  /** @type {import('./ask.js').Named[]} */ const given = []
  for (const folder of folders) {
    const { files, links } = await below(folder, 'evidence')
    links.forEach((name) => tell.line(`\`${name}\` is a link; links are not followed`))
    for (const [name, path] of files) {
      given.push(ask.give(folders.length > 1 ? `${folder}/${name}` : name, await read(path, 'evidence')))
    }
  }
  return given
}
