// @ts-check
/**
 * One exchange over HTTP with the configured server, and nobody else: no retries, no redirects, no opinion about a status.
 */
import { defect } from './failure.js'

/** Bytes of an answer at most. */
const ANSWER_MAX = 64 << 20
/** Headers of an answer that the engine is told. */
const TOLD = ['content-type', 'link', 'location', 'retry-after', 'x-ratelimit-remaining', 'x-ratelimit-reset']
/** Headers of a request that are this host's alone. */
const OURS = new Set(['authorization', 'user-agent', 'host', 'cookie', 'content-length'])

/**
 * @typedef {{method: string, path: string, headers?: Record<string, string>, body?: Uint8Array}} Request
 * @typedef {{response: 'answered', status: number, headers: Record<string, string>, body: Buffer}
 *   | {response: 'broken', message: string}} Answer
 */

/**
 * Sends requests to the server at `base`, with the token.
 * @param {typeof fetch} fetch
 * @param {string} base
 * @param {string} token
 * @param {number} seconds that one exchange may take, all in all
 * @returns {(request: Request) => Promise<Answer>}
 */
export function client(fetch, base, token, seconds) {
  return async ({ method, path, headers = {}, body }) => {
    const url = within(base, path)
    const asked = Object.entries(headers).filter(([name]) => !OURS.has(name.toLowerCase()))
    const own = { authorization: `Bearer ${token}`, 'user-agent': 'countersign-actions' }
    const json = body ? { 'content-type': 'application/json' } : {}
    try {
      const answer = await fetch(url, {
        method,
        headers: { ...json, ...Object.fromEntries(asked), ...own },
        body: body && Buffer.from(body),
        redirect: 'manual',
        signal: AbortSignal.timeout(seconds * 1000)
      })
      const told = TOLD.flatMap((name) => {
        const value = answer.headers.get(name)
        return value === null ? [] : [[name, value]]
      })
      return { response: 'answered', status: answer.status, headers: Object.fromEntries(told), body: await whole(answer) }
    } catch (error) {
      return { response: 'broken', message: why(error, seconds) }
    }
  }
}

/**
 * The address of a path below the base, and never of anything else.
 * @param {string} base
 * @param {string} path
 */
function within(base, path) {
  const root = base.replace(/\/+$/, '')
  const url = new URL(`${root}${path}`)
  const above = new URL(`${root}/`)
  const inside = path.startsWith('/') && url.origin === above.origin && url.pathname.startsWith(above.pathname)
  if (!inside || url.username || url.password) throw defect('a request to another server')
  return url
}

/** @param {Response} answer */
async function whole(answer) {
  /** @type {Uint8Array[]} */ const parts = []
  let size = 0
  for await (const part of answer.body ?? []) {
    size += part.length
    if (size > ANSWER_MAX) throw new Error(`the answer has more than ${ANSWER_MAX} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

/**
 * @param {unknown} error
 * @param {number} seconds
 */
function why(error, seconds) {
  if (!(error instanceof Error)) return 'the exchange did not end'
  if (error.name === 'TimeoutError') return `no whole answer within ${seconds} seconds`
  const cause = /** @type {any} */ (error.cause)
  return String(cause?.code ?? cause?.message ?? error.message)
}
