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
  const reviews = input.flag('peer-review') ? await peerReviews(host, current, concluded) : []
  const documents = {
    policy: await document(ask, input.text('policy'), 'policy'),
    evidence_checks: await document(ask, input.text('evidence-checks'), 'evidence-checks'),
    inventory: current,
    concluded,
    staging: proved && (await inventory.tree(proved)),
    ignore_file: await inventory.file(commit, input.text('ignore-file') ?? '.inventoryignore'),
    evidence: [...(await evidence(ask, input.lines('evidence'), tell)), ...reviews]
  }
  return { documents, history: await journals(ask, store), pointer }
}

/**
 * Records of peer review for the entries that are not as they were; one that cannot be read is missing, and told.
 * @param {import('./host.js').Host} host
 * @param {Tree} current
 * @param {Tree | undefined} concluded
 * @typedef {{files: import('./ask.js').Named[]}} Tree
 */
async function peerReviews(host, current, concluded) {
  const { clock, settings, env, tell } = host
  /** @type {import('./ask.js').Named[]} */ const read = []
  for (const entry of current.files) {
    const before = concluded?.files.find(({ name }) => name === entry.name)
    if (before?.digest === entry.digest) continue
    const reviews = { errand: 'reviews', entry, before, now: clock.now() }
    const end = await errand(host, github(settings, env), reviews)
    if (end.exchange === 'gathered') read.push({ name: `github/${entry.name}/peer-review.json`, digest: end.digest })
    else tell.line(`the reviews of \`${entry.name}\` cannot be read: ${end.event?.trouble?.message}`)
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
