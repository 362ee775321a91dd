// @ts-check
/**
 * The engine, spoken to in the contract's words.
 */
import { CONTRACT } from './engine.js'
import { defect, Refusal } from './failure.js'

/**
 * A document: its name for people, the digest of its bytes.
 * @typedef {{name: string, digest: string}} Named
 */

/**
 * Asks the engine, and insists on an answer of one of these types.
 * @typedef {((call: string, rest: object, ...types: string[]) => any) & {
 *   give(name: string, bytes: Uint8Array): Named,
 *   take(digest: string): Uint8Array
 * }} Ask
 */

/**
 * @param {import('./engine.js').Engine} engine
 * @returns {Ask}
 */
export function asking(engine) {
  /**
   * @param {string} call
   * @param {object} rest
   * @param {string[]} types
   */
  const ask = (call, rest, ...types) => {
    const answer = engine.call({ contract: CONTRACT, call, ...rest })
    if (answer?.type === 'failure') {
      const { exit_code: code, errors } = answer
      if (!Number.isInteger(code) || code <= 0 || !(errors?.length > 0)) throw defect('a failure without words')
      throw new Refusal(code, errors)
    }
    if (!types.includes(answer?.type)) throw defect(`\`${answer?.type}\` does not answer \`${call}\``)
    return answer
  }
  return Object.assign(ask, {
    give: (/** @type {string} */ name, /** @type {Uint8Array} */ bytes) => ({ name, digest: engine.put(bytes) }),
    take: (/** @type {string} */ digest) => {
      const bytes = engine.take(digest)
      if (!bytes) throw defect(`it has no bytes for \`${digest}\`, which it named`)
      return bytes
    }
  })
}
