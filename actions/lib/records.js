// @ts-check
/**
 * Where things are in the store.
 */
import { usage } from './failure.js'
import { excerpt } from './text.js'

/** @param {string} id */
export const folder = (id) => `changes/${id}`
/** @param {string} id */
export const journalPath = (id) => `${folder(id)}/journal.jsonl`
/**
 * @param {string} id
 * @param {string} digest
 */
export const logPath = (id, digest) => `${folder(id)}/logs/${digest.replace('sha256:', '')}.log`

/**
 * Gives the engine the journals of all changes.
 * @param {import('./ask.js').Ask} ask
 * @param {import('./store.js').Store} store
 * @returns {Promise<import('./ask.js').Named[]>}
 */
export async function journals(ask, store) {
  const paths = (await store.list('changes/')).filter((path) => /\/journal[^/]*\.jsonl$/.test(path))
  const found = await store.getAll(paths)
  return [...found].map(([path, { bytes }]) => ask.give(path, bytes))
}

/**
 * Where a change stands, from its journal.
 * @param {import('./ask.js').Ask} ask
 * @param {import('./store.js').Store} store
 * @param {string} id
 */
export async function standing(ask, store, id) {
  const journal = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(id) ? await store.get(journalPath(id)) : undefined
  if (!journal) {
    throw usage(`there is no journal of change request \`${excerpt(id, 80)}\``, 'give the id of a change request of this target')
  }
  return ask('status', { journal: ask.give(journalPath(id), journal.bytes) }, 'status')
}
