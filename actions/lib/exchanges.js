// @ts-check
/**
 * What the engine can ask this host for, and how it is done. Nothing is decided here, and nothing is put into words.
 *
 * Commands of the user are steps of the workflow: `run` is not among them.
 */
import { defect, EXIT, Refusal } from './failure.js'
import { below, readWithin, writeWithin } from './files.js'
import { without } from './redact.js'

/** Milliseconds that a notification may take. */
const TELLING_MAX = 5000
/** The places whose files are output, from which secrets are taken before the engine sees them. */
const LOGS = 'log/'

/**
 * @typedef {import('./host.js').Host} Host
 * @typedef {(host: Host, exchange: any) => Promise<object>} Performer
 */

/** @type {Record<string, Performer>} */
export const EXCHANGES = { list, read, write, ref, move, tree, blobs, log, ledger, commit, http, wait }

/**
 * Performs one exchange, once: its response.
 * @param {Host} host
 * @param {{exchange: string}} exchange
 */
export async function perform(host, exchange) {
  const act = Object.hasOwn(EXCHANGES, exchange.exchange) ? EXCHANGES[exchange.exchange] : undefined
  if (!act) return { response: 'unsupported' }
  try {
    return await act(host, exchange)
  } catch (error) {
    // Where the user named what is not there, the user is told; what cannot be reached, the engine.
    if (error instanceof Refusal && error.exitCode === EXIT.unavailable) return { response: 'broken', message: error.message }
    throw error
  }
}

/** @type {Performer} */
async function list({ places }, { place }) {
  const { folder, input } = placed(places, place)
  return { response: 'listed', ...(await below(folder, input)) }
}

/** @type {Performer} */
async function read({ ask, places, hidden }, { place, paths }) {
  const { folder, input } = placed(places, place)
  const files = []
  for (const path of paths) {
    const bytes = await readWithin(folder, path, input)
    if (bytes) files.push(given(ask, path, place.startsWith(LOGS) ? without(bytes, hidden) : bytes))
  }
  return { response: 'files', files }
}

/** @type {Performer} */
async function write({ ask, places }, { place, path, content }) {
  const { folder, input } = placed(places, place)
  await writeWithin(folder, path, ask.take(content), input)
  return { response: 'written' }
}

/** @type {Performer} */
async function ref(host, { name }) {
  return { response: 'ref', ...(await inventory(host).ref(name)) }
}

/** @type {Performer} */
async function move(host, exchange) {
  return inventory(host).move(exchange, Math.floor(host.clock.milliseconds() / 1000))
}

/** @type {Performer} */
async function tree(host, { commit }) {
  return { response: 'tree', files: await inventory(host).tree(commit) }
}

/** @type {Performer} */
async function blobs(host, { ids }) {
  const found = await inventory(host).blobs(ids)
  return { response: 'blobs', blobs: [...found].map(([id, bytes]) => ({ id, digest: host.ask.give(id, bytes).digest })) }
}

/** @type {Performer} */
async function log(host, range) {
  return { response: 'log', commits: await inventory(host).log(range) }
}

/** @type {Performer} */
async function ledger(host, { paths = [], prefix }) {
  const store = records(host)
  if (prefix !== undefined && prefix !== null) return { response: 'ledger', paths: await store.list(prefix) }
  const found = await store.read(paths)
  return { response: 'ledger', files: [...found].map(([path, bytes]) => given(host.ask, path, bytes)) }
}

/** @type {Performer} */
async function commit(host, { puts, message }) {
  const files = puts.map((/** @type {any} */ { path, content, expected }) => {
    return { path, bytes: content ? host.ask.take(content) : undefined, expected: expected ?? undefined }
  })
  return records(host).commit(files, message)
}

/**
 * Reads may go out at the same time; a write is alone.
 * @type {Performer}
 */
async function http(host, { system, requests }) {
  const channel = system.startsWith('webhook/') ? system.slice('webhook/'.length) : undefined
  if (channel !== undefined && !host.webhooks.has(channel)) {
    return { response: 'broken', message: `nobody said where the channel \`${channel}\` leads` }
  }
  const answers = requests.map(async (/** @type {any} */ request) => {
    const body = request.body ? host.ask.take(request.body) : undefined
    const answer = channel === undefined ? await host.http({ ...request, body }) : await notify(host, channel, body)
    if (answer.response === 'broken') return { answer: 'broken', message: answer.message }
    const { status, headers } = answer
    return { answer: 'answered', status, headers, body: host.ask.give('answer', answer.body).digest }
  })
  return { response: 'answered', answers: await Promise.all(answers) }
}

/** @type {Performer} */
async function wait(host, { until }) {
  await host.clock.until(until)
  // What others did meanwhile counts.
  host.ledger?.refresh()
  host.inventory?.refresh()
  return { response: 'waited' }
}

/**
 * Posts a notification, once. The URL is a secret: it stands in no message.
 * @param {Host} host
 * @param {string} channel
 * @param {Uint8Array | undefined} body
 * @returns {Promise<import('./http.js').Answer>}
 */
async function notify({ webhooks, world }, channel, body) {
  const headers = { 'content-type': 'application/json' }
  const signal = AbortSignal.timeout(TELLING_MAX)
  try {
    const answer = await world.fetch(webhooks.get(channel) ?? '', { method: 'POST', headers, body: body && Buffer.from(body), redirect: 'manual', signal })
    await answer.body?.cancel()
    return { response: 'answered', status: answer.status, headers: {}, body: Buffer.alloc(0) }
  } catch {
    return { response: 'broken', message: 'the webhook cannot be reached' }
  }
}

/**
 * @param {import('./ask.js').Ask} ask
 * @param {string} path
 * @param {Uint8Array} bytes
 */
function given(ask, path, bytes) {
  return { path, digest: ask.give(path, bytes).digest }
}

/**
 * @param {Host['places']} places
 * @param {string} name
 */
function placed(places, name) {
  const place = places.get(name)
  if (place) return place
  throw defect(`it asks for the place \`${name}\`, which this action has not`)
}

/** @param {Host} host */
function inventory({ inventory }) {
  if (inventory) return inventory
  throw defect('it asks for an inventory, which this action has not')
}

/** @param {Host} host */
function records({ ledger }) {
  if (ledger) return ledger
  throw defect('it asks for a ledger, which this action has not')
}
