// @ts-check
/**
 * What came of an action about a change, for people and for later steps. The words are the engine's.
 */
import { folder } from './records.js'

/**
 * @typedef {object} Report
 * @property {string} outcome
 * @property {number} exitCode
 * @property {string} verdict `proceed`, `hold` or `halt`
 * @property {string} message
 * @property {string} [help]
 * @property {string[]} details
 * @property {string} [id] the change request
 * @property {string} [url] where to look at it
 * @property {string} [commit] of the inventory, that this is about
 * @property {string} [state]
 * @property {any} [judgement] what was found about readiness
 * @property {any[]} would what a whole run would do
 * @property {string} [head] the digest of the journal's last line
 * @property {{name: string, digest: string}[]} attachments
 * @property {any[]} obligations
 */

/**
 * @param {import('./host.js').Host} host
 * @param {{response: any, id?: string, standing?: any}} came
 * @param {import('./loop.js').Asks} asks
 * @returns {Report}
 */
export function report({ store, settings }, { response, id, standing }, asks) {
  const { end } = response
  /** @type {any[]} */ const events = (standing?.entries ?? []).map((/** @type {any} */ entry) => entry.event)
  const last = (/** @type {string[]} */ ...names) => events.findLast(({ event }) => names.includes(event))
  const filed = last('filed')
  const recorded = id ?? response.id
  const here = (/** @type {unknown} */ url) => typeof url === 'string' && url.startsWith(`${settings.server}/`)
  const at = `${store.place}/${folder(recorded)}`
  return {
    outcome: end.outcome,
    exitCode: end.exit_code,
    verdict: end.verdict,
    message: end.message,
    help: end.help ?? undefined,
    details: end.details ?? [],
    id: response.id,
    url: filed && (here(filed.url) ? filed.url : at.replace('/blob/', '/tree/')),
    commit: asks.documents.inventory.commit,
    state: response.state,
    judgement: response.judgement ?? judged(last('assessed', 'reassessed'), response.delta),
    would: response.would ?? [],
    head: response.journal?.head,
    attachments: attachments(events).map((attached) => ({ ...attached, url: `${at}/attachments/${attached.name}` })),
    obligations: last('obliged')?.obligations ?? []
  }
}

/**
 * What the journal tells of the judgement, and what is deployed.
 * @param {any} assessed
 * @param {any} delta
 */
function judged(assessed, delta) {
  return assessed && { ...assessed, delta }
}

/**
 * The last of each name.
 * @param {any[]} events
 * @returns {{name: string, digest: string}[]}
 */
function attachments(events) {
  const attached = events.filter(({ event }) => event === 'attached')
  return [...new Map(attached.map(({ name, digest }) => [name, { name, digest }])).values()]
}

/**
 * A refusal as a report: nothing was decided, and nothing may begin.
 * @param {import('./failure.js').Refusal} refusal
 * @returns {Report & {faults: import('./failure.js').Fault[]}}
 */
export function refused({ exitCode, faults }) {
  const { message, help } = faults[0] ?? { message: 'it was refused' }
  const nothing = { details: [], would: [], attachments: [], obligations: [] }
  return { outcome: 'refused', exitCode, verdict: 'halt', message, help, faults, ...nothing }
}
