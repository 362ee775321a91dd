// @ts-check
/**
 * Writes the tables of README.md from the actions' manifests, or says with `--check` that they are stale.
 *
 *   node actions/tools/docs.js
 *   node actions/tools/docs.js --check
 */
import { readdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs'
import { parse } from 'yaml'

const at = (/** @type {string} */ path) => new URL(`../${path}`, import.meta.url)
/** @param {string} path */
const text = (path) => readFileSync(at(path), 'utf8')

/**
 * @typedef {{description: string, default?: string, required?: boolean}} Item
 * @typedef {{description: string, inputs: Record<string, Item>, outputs: Record<string, Item>}} Manifest
 * @typedef {'inputs' | 'outputs'} Kind
 */

/** The actions about one change; most of their inputs are the same. */
const OF_A_CHANGE = ['open', 'close', 'assess', 'rollback']

const names = readdirSync(at('.')).filter((name) => existsSync(at(`${name}/action.yml`))).sort()
const manifests = new Map(names.map((name) => [name, read(`${name}/action.yml`)]))

/** @param {string} action @returns {Manifest} */
function manifest(action) {
  const found = manifests.get(action)
  if (!found) throw new Error(`there is no action \`${action}\``)
  return found
}

/** @param {string} path @returns {Manifest} */
function read(path) {
  return { inputs: {}, outputs: {}, ...parse(text(path)) }
}

/** Which actions about a change have this very item. @param {Kind} kind @param {string} name @param {Item} item */
function alike(kind, name, item) {
  const same = (/** @type {string} */ action) => JSON.stringify(manifest(action)[kind][name]) === JSON.stringify(item)
  return OF_A_CHANGE.filter(same)
}

/** What most actions about a change share. @param {Kind} kind */
function shared(kind) {
  const items = Object.entries(manifest('open')[kind])
  return items.map(([name, item]) => ({ name, item, in: alike(kind, name, item) })).filter((row) => row.in.length > 2)
}

/** What only this action has, or has in its own way. @param {Kind} kind @param {string} action */
function own(kind, action) {
  const common = new Set(shared(kind).filter((row) => row.in.includes(action)).map(({ name }) => name))
  return Object.entries(manifest(action)[kind]).filter(([name]) => !common.has(name)).map(([name, item]) => ({ name, item }))
}

/** @param {string} value */
const code = (value) => (value === '' ? '' : `\`${value.replaceAll('|', '\\|')}\``)

/** @param {string[]} head @param {string[][]} rows */
function table(head, rows) {
  const line = (/** @type {string[]} */ cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

/** Text as it is between backticks, and without markup elsewhere. @param {string} value */
function words(value) {
  const plain = (/** @type {string} */ part) => part.replaceAll('|', '\\|').replaceAll('<', '&lt;')
  return value.trim().replace(/\s+/g, ' ').split('`').map((part, index) => (index % 2 ? code(part) : plain(part))).join('')
}

/** @param {{name: string, item: Item}[]} rows */
const inputs = (rows) => table(['Input', 'Default', 'What it is'], rows.map(({ name, item }) => [code(name), code(String(item.default ?? '')), words(item.description)]))
/** @param {{name: string, item: Item}[]} rows */
const outputs = (rows) => table(['Output', 'What it is'], rows.map(({ name, item }) => [code(name), words(item.description)]))

/** @param {string} action */
function section(action) {
  const [some, results] = [own('inputs', action), own('outputs', action)]
  const about = OF_A_CHANGE.includes(action)
  const also = about ? `${some.length ? 'And' : 'Its inputs are'} [what all actions about a change take](#inputs-of-all-actions-about-a-change); it gives [their outputs](#outputs-of-all-actions-about-a-change).` : ''
  return [
    `### ${action}`,
    words(manifest(action).description),
    ...(some.length ? [inputs(some)] : []),
    ...(results.length ? [outputs(results)] : []),
    ...(also ? [also] : [])
  ].join('\n\n')
}

/** Says which actions do not share an item. @param {Kind} kind */
function where(kind) {
  return shared(kind).map(({ name, item, in: actions }) => {
    const others = OF_A_CHANGE.filter((action) => !actions.includes(action))
    const notes = others.map((action) => (name in manifest(action)[kind] ? ` See also \`${action}\`.` : ` Not in \`${action}\`.`))
    return { name, item: { ...item, description: item.description + notes.join('') } }
  })
}

/** What stands between `<!-- NAME -->` and `<!-- /NAME -->`. */
const GENERATED = {
  'shared inputs': inputs(where('inputs')),
  'shared outputs': outputs(where('outputs')),
  actions: [...OF_A_CHANGE, ...names.filter((name) => !OF_A_CHANGE.includes(name))].map(section).join('\n\n')
}

/** @param {string} page */
function renewed(page) {
  return Object.entries(GENERATED).reduce((rest, [name, made]) => {
    const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
    const [from, to] = [rest.indexOf(begin), rest.indexOf(end)]
    if (from < 0 || to < from) throw new Error(`README.md has no place for \`${begin}\``)
    return `${rest.slice(0, from + begin.length)}\n\n${made}\n\n${rest.slice(to)}`
  }, page)
}

/** What the manual must not leave out, and what GitHub would not load. @param {string} page */
function* complaints(page) {
  const schema = JSON.parse(text('../plugin/schemas/v1/response.schema.json'))
  /** @type {any[]} */ const enums = Object.values(schema.$defs).map(({ oneOf }) => oneOf?.map((/** @type {any} */ one) => one.const) ?? [])
  for (const outcome of [...enums.find((names) => names.includes('awaiting-approval')), 'refused']) {
    if (!page.includes(`\`${outcome}\``)) yield `README.md does not tell of the outcome \`${outcome}\`: add it to the table of outcomes`
  }
  const root = read('../action.yml')
  for (const kind of /** @type {const} */ (['inputs', 'outputs'])) {
    if (JSON.stringify(root[kind]) !== JSON.stringify(manifest('open')[kind])) yield `action.yml has other ${kind} than open/action.yml: they are the same action`
  }
  for (const [name, { description, inputs, outputs }] of [...manifests, /** @type {const} */ (['..', root])]) {
    const told = [description, ...[inputs, outputs].flatMap((items) => Object.values(items).map((item) => item.description))]
    const bad = told.find((words) => words?.includes('${{'))
    if (bad) yield `${name}/action.yml has an expression in a description: GitHub evaluates it, and does not load the action. Write it without \`\${{ }}\`: ${bad}`
  }
}

/** The workflows that people copy, those in the manual too. @returns {[string, any][]} */
function workflows() {
  const files = readdirSync(at('workflows')).map((name) => /** @type {[string, any]} */ ([`workflows/${name}`, parse(text(`workflows/${name}`))]))
  const blocks = [...text('README.md').matchAll(/^( *)```yaml\n(.*?)^ *```/gms)]
  return [...files, ...blocks.map(([, , yaml = '']) => /** @type {[string, any]} */ (['README.md', parse(yaml)]))]
}

/** Inputs that an action does not have are only warned of by GitHub, so they are looked for here. */
function* misuses() {
  for (const [file, workflow] of workflows()) {
    for (const step of Object.values(workflow.jobs).flatMap((job) => job.steps)) {
      const [, action] = /^OWNER\/countersign(?:\/actions\/([a-z]+))?@/.exec(step.uses ?? '') ?? [null, null]
      if (action === null) continue
      const { inputs } = manifests.get(action ?? 'open') ?? { inputs: /** @type {Manifest['inputs']} */ ({}) }
      const given = Object.keys(step.with ?? {})
      for (const name of given.filter((name) => !(name in inputs))) yield `${file}: \`${step.uses}\` has no input \`${name}\``
      const needed = Object.keys(inputs).filter((name) => inputs[name]?.required && !given.includes(name))
      for (const name of needed) yield `${file}: \`${step.uses}\` needs the input \`${name}\``
    }
  }
}

const page = text('README.md')
const fresh = renewed(page)
const found = [...complaints(fresh), ...misuses()]
if (!process.argv.includes('--check')) writeFileSync(at('README.md'), fresh)
else if (fresh !== page) found.push('the tables of actions/README.md are not what the actions say: run `node actions/tools/docs.js`, and commit the page')
for (const words of found) console.error(words)
process.exitCode = found.length > 0 ? 1 : 0
