// @ts-check
/**
 * Gathers the documents of a change and gives their bytes to the engine.
 */
import { below, document, read } from './files.js'
import { github } from './host.js'
import { errand } from './perform.js'
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
export async function gather(host, { target, commit }) {
  const { ask, input, inventory, store, tell } = host
  const current = await inventory.tree(commit)
  const { pointer, commit: last } = await inventory.concluded(pointerName(target, target.environment))
  const staging = input.text('staging')
  const proved = staging && (await inventory.concluded(pointerName(target, staging))).commit
  const concluded = last ? await inventory.tree(last) : undefined
  const reviews = (/** @type {Named} */ entry, /** @type {Named | undefined} */ before) => ({ entry, before, now: host.clock.now() })
  const known = [
    ...(input.flag('peer-review') ? await atGithub(host, current, concluded, 'reviews', 'peer-review.json', reviews) : []),
    ...(input.flag('attestations') ? await atGithub(host, current, concluded, 'attestations', 'attestations.jsonl', (entry) => ({ entry })) : [])
  ]
  const documents = {
    policy: await document(ask, input.text('policy'), 'policy'),
    evidence_checks: await document(ask, input.text('evidence-checks'), 'evidence-checks'),
    inventory: current,
    concluded,
    staging: proved && (await inventory.tree(proved)),
    ignore_file: await inventory.file(commit, input.text('ignore-file') ?? '.inventoryignore'),
    evidence: [...(await evidence(ask, input.lines('evidence'), tell)), ...known]
  }
  return { documents, history: await journals(ask, store), pointer }
}

/**
 * What GitHub itself knows of the entries that are not as they were; what cannot be read is missing, and told.
 * @param {import('./host.js').Host} host
 * @param {Tree} current
 * @param {Tree | undefined} concluded
 * @param {'reviews' | 'attestations'} what
 * @param {string} file
 * @param {(entry: Named, before: Named | undefined) => object} about
 * @typedef {import('./ask.js').Named} Named
 * @typedef {{files: Named[]}} Tree
 */
async function atGithub(host, current, concluded, what, file, about) {
  const { settings, env, tell } = host
  /** @type {Named[]} */ const read = []
  for (const entry of current.files) {
    const before = concluded?.files.find(({ name }) => name === entry.name)
    if (before?.digest === entry.digest) continue
    const end = await errand(host, github(settings, env), { errand: what, ...about(entry, before) })
    if (end.exchange === 'gathered') read.push({ name: `github/${entry.name}/${file}`, digest: end.digest })
    else tell.line(`the ${what} of \`${entry.name}\` cannot be read: ${end.event?.trouble?.message}`)
  }
  return read
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
    tell.line(`evidence: ${files.length === 1 ? '1 file' : `${files.length} files`} in \`${folder}\``)
    links.forEach((name) => tell.line(`\`${name}\` is a link; links are not followed`))
    for (const [name, path] of files) {
      given.push(ask.give(folders.length > 1 ? `${folder}/${name}` : name, await read(path, 'evidence')))
    }
  }
  return given
}
