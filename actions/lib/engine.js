// @ts-check
/**
 * The engine: bytes in, bytes out. It imports nothing, so it can reach nothing.
 */
import { createHash } from 'node:crypto'
import { defect } from './failure.js'
import { excerpt } from './text.js'

/** The contract that this host speaks. */
export const CONTRACT = 'countersign/v1'

// The bundle has the module beside it; the sources use the one that is built.
const MODULE = typeof COUNTERSIGN_MODULE === 'string' ? COUNTERSIGN_MODULE : '../../plugin/dist/countersign.wasm'

/**
 * A running engine. After a fault it refuses everything.
 * @param {(url: URL) => Promise<Uint8Array>} read
 */
export async function start(read) {
  const bytes = await read(new URL(MODULE, import.meta.url))
  const { instance } = await WebAssembly.instantiate(/** @type {BufferSource} */ (bytes), {})
  return new Engine(instance.exports)
}

export class Engine {
  #door
  #stopped = false

  /** @param {any} door the module's exports */
  constructor(door) {
    this.#door = door
  }

  /**
   * Gives it a document; it answers with its digest, by which requests name it.
   * @param {Uint8Array} bytes
   * @returns {string}
   */
  put(bytes) {
    const digest = Buffer.from(this.#ask('put', bytes) ?? []).toString()
    if (digest !== digestOf(bytes)) throw this.#fault('`put` gave another digest')
    return digest
  }

  /**
   * The bytes with this digest, if it has them.
   * @param {string} digest
   */
  take(digest) {
    const bytes = this.#ask('take', Buffer.from(digest))
    if (bytes && digestOf(bytes) !== digest) throw this.#fault('`take` gave other bytes')
    return bytes
  }

  /**
   * Answers one request.
   * @param {object} request
   * @returns {any}
   */
  call(request) {
    const answer = this.callBytes(Buffer.from(JSON.stringify(request)))
    try {
      return JSON.parse(Buffer.from(answer).toString())
    } catch {
      throw this.#fault('it is no JSON')
    }
  }

  /**
   * Answers one request, as JSON in bytes.
   * @param {Uint8Array} request
   */
  callBytes(request) {
    const answer = this.#ask('call', request)
    if (!answer) throw this.#fault('`call` gave no response')
    return answer
  }

  /**
   * @param {'put' | 'take' | 'call'} name
   * @param {Uint8Array} input
   * @returns {Uint8Array | undefined}
   */
  #ask(name, input) {
    if (this.#stopped) throw defect('it has stopped')
    try {
      const at = this.#door.alloc(input.length) >>> 0
      new Uint8Array(this.#door.memory.buffer, at, input.length).set(input)
      return this.#region(this.#door[name](at, input.length))
    } catch (error) {
      const words = this.#lastWords() ?? (error instanceof Error ? error.message : String(error))
      throw this.#fault(`it stopped: ${excerpt(words, 2000)}`)
    }
  }

  /** @param {bigint} packed */
  #region(packed) {
    if (packed === -1n) return undefined
    const region = BigInt.asUintN(64, packed)
    const [at, length] = [Number(region >> 32n), Number(region & 0xffffffffn)]
    // A copy: the region is valid until the next call only.
    return new Uint8Array(this.#door.memory.buffer, at, length).slice()
  }

  /** What a stopped engine has to say about it: a panic's text. */
  #lastWords() {
    try {
      const words = this.#region(this.#door.fault())
      return words && Buffer.from(words).toString().trim()
    } catch {
      return undefined
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
