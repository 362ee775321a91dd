// @ts-check
/**
 * Why an action ends without a verdict. Never a verdict.
 */
import { guard } from './text.js'

/** How a run ends; the same numbers in every host. The engine's own ends carry theirs. */
export const EXIT = Object.freeze({ internal: 1, usage: 2, unavailable: 30 })

/**
 * One thing that is wrong, as the engine or this host says it.
 * @typedef {{code?: string, document?: string, place?: any, message: string, help?: string}} Fault
 */

/** A refusal: what is wrong first, then how to mend it. */
export class Refusal extends Error {
  /**
   * @param {number} exitCode
   * @param {Fault[]} faults at least one
   */
  constructor(exitCode, faults) {
    super(faults.map(sentence).join('; '))
    this.exitCode = exitCode
    this.faults = faults
  }
}

/**
 * Bad usage or input.
 * @param {string} message lower case, no full stop
 * @param {string} [help] how to mend it
 */
export function usage(message, help) {
  return new Refusal(EXIT.usage, [{ message, help }])
}

/**
 * Something that should not be possible: a defect, not a verdict.
 * @param {string} what
 */
export function defect(what) {
  const help = 'this is a defect, not a verdict: report it with the input'
  return new Refusal(EXIT.internal, [{ message: `the engine's answer is unusable: ${what}`, help }])
}

/**
 * Something outside that does not answer.
 * @param {string} message
 * @param {string} [help]
 */
export function unavailable(message, help) {
  return new Refusal(EXIT.unavailable, [{ message, help }])
}

/**
 * Whatever was thrown, as a refusal.
 * @param {unknown} error
 * @returns {Refusal}
 */
export function refusal(error) {
  if (error instanceof Refusal) return error
  const message = error instanceof Error ? error.message : String(error)
  return new Refusal(EXIT.internal, [{ message: `internal error: ${guard(message)}`, help: 'report this with the log' }])
}

/**
 * The end of an action that nothing was decided in: as the engine says it of its own refusals.
 * @param {Refusal} refusal
 * @returns {import('./session.js').End}
 */
export function refused({ exitCode, faults }) {
  const { message, help } = faults[0] ?? { message: 'it was refused' }
  return { outcome: 'refused', exit_code: exitCode, verdict: 'halt', message, help, errors: faults }
}

/**
 * Where a fault is: document and place.
 * @param {Fault} fault
 */
export function whereabouts(fault) {
  return [fault.document, fault.place && place(fault.place)].filter(Boolean).join(', ')
}

/**
 * A place in a document, in words.
 * @param {any} at
 * @returns {string}
 */
export function place(at) {
  if (at?.at === 'line') return at.column ? `line ${at.line}, column ${at.column}` : `line ${at.line}`
  if (at?.at === 'pointer') return at.pointer || 'the whole document'
  return ''
}

/** @param {Fault} fault */
function sentence(fault) {
  const where = whereabouts(fault)
  return where ? `${where}: ${fault.message}` : fault.message
}
