// @ts-check
/**
 * The engine: bytes in, bytes out. It imports nothing of the world, so it can reach nothing.
 */
import { createHash } from 'node:crypto'
import { Engine as Door, initSync } from '../../plugin/dist/js/countersign.js'
import { defect } from './failure.js'
import { excerpt } from './text.js'

/** The contract that this host speaks. */
export const CONTRACT = 'countersign/v1'

// The bundle has the module beside it; the sources use the one that is built.
const MODULE = typeof COUNTERSIGN_MODULE === 'string' ? COUNTERSIGN_MODULE : '../../plugin/dist/js/countersign_bg.wasm'

/**
 * A running engine. After a fault it refuses everything.
 * @param {(url: URL) => Promise<Uint8Array>} read
 */
export async function start(read) {
  initSync({ module: /** @type {BufferSource} */ (await read(new URL(MODULE, import.meta.url))) })
  return new Engine(new Door())
}

export class Engine {
  #door
  #stopped = false

  /** @param {Pick<Door, 'put' | 'take' | 'call'>} door */
  constructor(door) {
    this.#door = door
  }

  /**
   * Gives it a document; it answers with its digest, by which requests name it.
   * @param {Uint8Array} bytes
   * @returns {string}
   */
  put(bytes) {
    const digest = this.#ask(() => this.#door.put(bytes))
    if (digest !== digestOf(bytes)) throw this.#fault('`put` gave another digest')
    return digest
  }

  /**
   * The bytes with this digest, if it has them.
   * @param {string} digest
   */
  take(digest) {
    const bytes = this.#ask(() => this.#door.take(digest))
    if (bytes && digestOf(bytes) !== digest) throw this.#fault('`take` gave other bytes')
    return bytes
  }

  /**
   * Answers one request.
   * @param {object} request
   * @returns {any}
   */
  call(request) {
    return this.#ask(() => this.#door.call(/** @type {any} */ (request)))
  }

  /**
   * A trap, a panic or a limit ends the engine, not the change.
   * @template T
   * @param {() => T} act
   * @returns {T}
   */
  #ask(act) {
    if (this.#stopped) throw defect('it has stopped')
    try {
      return act()
    } catch (error) {
      throw this.#fault(`it stopped: ${excerpt(error instanceof Error ? error.message : String(error), 2000)}`)
    }
  }

  /** @param {string} what */
  #fault(what) {
    this.#stopped = true
    return defect(what)
  }
}

/**
 * The digest of bytes, as the engine writes it.
 * @param {Uint8Array} bytes
 */
export function digestOf(bytes) {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}
