// @ts-check
/**
 * Performing effects: what the engine asks for, done once, and answered with one event.
 */
import { defect, Refusal } from './failure.js'

/** Exchanges of one errand at most; the engine's own limit is lower. */
const EXCHANGES_MAX = 2000
/** Milliseconds that a notification may take. */
const TELLING_MAX = 5000

/**
 * @param {import('./host.js').Host} host
 * @param {{key: string, action: any}} effect
 * @param {import('./inventory.js').Pointer} pointer of the target
 * @param {string} commit that is deployed
 * @returns {Promise<any>} the event that answers
 */
export async function perform(host, effect, pointer, commit) {
  const { key, action } = effect
  const failed = (/** @type {{code: string, message: string}} */ trouble) => ({ event: 'failed', effect: key, trouble })
  switch (action.effect) {
    case 'run':
      throw defect('a command, where the workflow runs them all')
    case 'conclude': {
      if (action.pointer !== pointer.name || action.commit !== commit) throw defect('another pointer than the target\'s')
      const trouble = await host.inventory.conclude(pointer, commit)
      return trouble ? failed(trouble) : { event: 'concluded', pointer: pointer.name }
    }
    case 'notify': {
      const trouble = await notify(host, action.channel, host.ask.take(action.body))
      return trouble ? failed(trouble) : { event: 'notified', channel: action.channel, moment: action.moment }
    }
    case 'wait':
      host.tell.line(`waiting until ${action.until}: ${action.why}`)
      await host.clock.until(action.until)
      return { event: 'waited', until: action.until }
    default:
      return (await errand(host, host.system, { errand: 'perform', effect })).event
  }
}

/**
 * Performs the exchanges of an errand until it has come to its end.
 * @param {import('./host.js').Host} host
 * @param {object} system the change system, as the engine is told
 * @param {object} errand
 * @returns {Promise<any>} the last exchange: `done` or `gathered`
 */
export async function errand(host, system, errand) {
  /** @type {object[]} */ const responses = []
  host.store.refresh()
  for (let exchanges = 0; exchanges < EXCHANGES_MAX; exchanges += 1) {
    const next = host.ask('connect', { system, errand, responses }, 'exchange')
    if (next.exchange === 'done' || next.exchange === 'gathered') return next
    responses.push(await exchange(host, next))
  }
  throw defect('an errand that does not end')
}

/**
 * @param {import('./host.js').Host} host
 * @param {any} next
 * @returns {Promise<object>}
 */
async function exchange(host, next) {
  const { ask, store } = host
  try {
    switch (next.exchange) {
      case 'get': {
        const found = await store.get(next.path)
        return found ? { response: 'found', digest: ask.give(next.path, found.bytes).digest } : { response: 'absent' }
      }
      case 'put':
        return { response: await store.put(next.path, ask.take(next.content), next.expected ?? undefined) }
      case 'http': {
        const body = next.body && ask.take(next.body)
        const answer = await host.http({ method: next.method, path: next.path, headers: next.headers, body })
        return answer.response === 'answered' ? { ...answer, body: ask.give('answer', answer.body).digest } : answer
      }
      case 'wait':
        await host.clock.seconds(next.seconds)
        return { response: 'waited' }
      default:
        throw defect(`an exchange that is none: \`${next.exchange}\``)
    }
  } catch (error) {
    if (error instanceof Refusal && error.exitCode !== 1) return { response: 'broken', message: error.message }
    throw error
  }
}

/**
 * Posts a notification, once. The URL is a secret: it stands in no message.
 * @param {import('./host.js').Host} host
 * @param {string} channel
 * @param {Uint8Array} body
 */
async function notify(host, channel, body) {
  const url = host.webhooks.get(channel)
  if (!url) return { code: 'not-configured', message: `nobody said where the channel \`${channel}\` leads` }
  const headers = { 'content-type': 'application/json' }
  const signal = AbortSignal.timeout(TELLING_MAX)
  const options = /** @type {RequestInit} */ ({ method: 'POST', headers, body: Buffer.from(body), redirect: 'manual', signal })
  try {
    const answer = await host.fetch(url, options)
    await answer.body?.cancel()
    return answer.ok ? undefined : { code: 'unavailable', message: `the webhook answered ${answer.status}` }
  } catch {
    return { code: 'unavailable', message: 'the webhook cannot be reached' }
  }
}
