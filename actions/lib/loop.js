// @ts-check
/**
 * The loop: ask the engine what must happen next, make the journal durable, do it, and tell the engine what came of it.
 *
 * Nothing is decided here, and nothing is kept in memory that a crash must not take: the journal in the store is the only
 * state.
 */
import { defect, EXIT, Refusal } from './failure.js'
import { perform } from './perform.js'
import { folder, logPath } from './records.js'

/** Journals beside one change request that are tried: its own, and the one of this change. */
const JOURNALS_MAX = 3
/** Plans at most: a journal has at most 10 000 lines. */
const PLANS_MAX = 20_000

/**
 * What every request of this run says.
 * @typedef {Record<string, any>} Asks
 * @typedef {{parked: string[], reports: object[], wait?: object}} Driving
 * @typedef {{path: string, digest?: string, named: import('./ask.js').Named}} Journal
 */

/** The commands of the user: here they are steps of the workflow. */
export const PARKED = ['deploy', 'accept', 'verify', 'rollback']

/**
 * What a run would come to (`preview`), or whether the change is ready (`assess`). Nothing is recorded.
 * @param {import('./host.js').Host} host
 * @param {Asks} asks
 * @param {'preview' | 'assess'} mode
 * @param {Driving} driving
 */
export async function look(host, asks, mode, driving) {
  const ask = (/** @type {any} */ journal) => plan(host, { ...asks, mode, drive: driving, journal })
  if (asks.history.length === 0 && asks.change_request_id === undefined) {
    // Where there is no journal at all, the one that is needed is empty, whatever its name.
    return { response: planned(ask(host.ask.give('journal.jsonl', Buffer.alloc(0)))) }
  }
  const { id, response, journal } = await first(host, ask)
  const standing = journal.digest && host.ask('status', { journal: journal.named }, 'status')
  return { response, id, standing }
}

/**
 * Takes every step that can be taken now, each durable before the next.
 * @param {import('./host.js').Host} host
 * @param {Asks} asks
 * @param {Driving} driving
 * @param {import('./inventory.js').Pointer} pointer
 * @param {Buffer[]} [logs] what the caller reports
 */
export async function act(host, asks, driving, pointer, logs = []) {
  /** @param {any} journal @param {any} [answer] */
  const ask = (journal, answer) => plan(host, { ...asks, mode: 'act', drive: driving, journal, answer })
  const begun = await first(host, ask, (id) => keepLogs(host, id, logs))
  const { journal, id } = begun
  let response = begun.response
  for (let plans = 0; plans < PLANS_MAX; plans += 1) {
    await keep(host, journal, response.journal)
    for (const { event } of response.appended ?? []) host.tell.decided(event)
    const { effect, end } = response
    if (Boolean(effect) === Boolean(end)) throw defect('neither one effect nor one end')
    if (end) return { response, id, standing: response.journal && host.ask('status', { journal: journal.named }, 'status') }
    const event = await perform(host, effect, pointer, asks.documents.inventory.commit)
    host.tell.ended(id, event)
    response = planned(ask(journal.named, { key: effect.key, event }))
  }
  throw defect('the plan does not end')
}

/**
 * The first plan, and the journal that it goes on from. A request that was made by hand may have several journals.
 * @param {import('./host.js').Host} host
 * @param {(journal?: import('./ask.js').Named) => any} ask
 * @param {(id: string) => Promise<void>} [before] what the engine needs before it plans
 */
async function first(host, ask, before) {
  let recall = ask()
  if (recall.type !== 'recall') throw defect('a plan without a journal')
  const { id } = recall
  await before?.(id)
  for (let tried = 0; tried < JOURNALS_MAX; tried += 1) {
    const path = `${folder(id)}/${recall.journal}`
    const found = await host.store.get(path)
    const named = host.ask.give('journal.jsonl', found?.bytes ?? Buffer.alloc(0))
    const response = ask(named)
    if (response.type === 'plan') return { id, response, journal: { path, digest: found?.digest, named } }
    recall = response
  }
  throw defect('journal after journal')
}

/**
 * @param {import('./host.js').Host} host
 * @param {object} request
 */
function plan(host, request) {
  return host.ask('plan', { ...request, now: host.clock.now() }, 'plan', 'recall')
}

/** @param {any} response */
function planned(response) {
  if (response.type === 'plan') return response
  throw defect('another journal in the middle of a change')
}

/**
 * Makes the journal durable.
 * @param {import('./host.js').Host} host
 * @param {Journal} journal
 * @param {{digest: string} | undefined} head
 */
async function keep(host, journal, head) {
  if (!head || head.digest === journal.digest) return
  if ((await host.store.put(journal.path, host.ask.take(head.digest), journal.digest)) === 'conflict') {
    const message = `another run of this change wrote \`${journal.path}\``
    throw new Refusal(EXIT.held, [{ message, help: 'run the job again when it has ended; it continues here' }])
  }
  journal.digest = head.digest
  journal.named = { ...journal.named, digest: head.digest }
}

/**
 * Logs of earlier runs, which attachments may rest on, are given to the engine; those of this one are kept beside them.
 * @param {import('./host.js').Host} host
 * @param {string} id
 * @param {Buffer[]} logs
 */
async function keepLogs({ ask, store, tell }, id, logs) {
  const earlier = await store.getAll(await store.list(`${folder(id)}/logs/`))
  for (const [path, { bytes }] of earlier) ask.give(path, bytes)
  for (const bytes of logs) {
    const path = logPath(id, ask.give('log', bytes).digest)
    // A store that cannot keep it does not undo a deployment.
    if (!earlier.has(path)) await store.put(path, bytes).catch((error) => tell.line(`a log is not kept: ${error.message}`))
  }
}
