// @ts-check
// What can go wrong with one request: which request, and how it is answered instead.

/** The faults that every request of every flow must survive. */
export const FAULTS = Object.freeze([
  '500',
  '502',
  '429-retry-after',
  '429',
  '403-secondary',
  'timeout',
  'reset',
  'reset-after',
  'html',
  'truncated',
  'empty-list',
  'extra-page',
]);

/** Rarer ones: an error though the server acted, a success though it did not, a spent hour, no service for this token. */
export const MORE_FAULTS = Object.freeze(['502-after', 'silent', 'rate-limit', '401', '403', '404', '410']);

/** @typedef {{ status: number, headers: Record<string, string>, body: Buffer }} Answer */
/** @typedef {{ kind: string, at?: number, times?: number, method?: string, path?: RegExp | string, retryAfter?: number }} Rule
 *   answers the `at`-th request (from 1) that fits `method` and `path`, and `times` - 1 fitting ones after it */
/** @typedef {Rule & { seen: number, fired: number, pattern: RegExp | undefined }} Watch */

/** The rules in force. */
export class Faults {
  /** @type {Watch[]} */
  #watches = [];

  /** Adds a rule; the result counts the requests that it answered, in `fired`. @param {Rule} rule @returns {Watch} */
  add(rule) {
    if (![...FAULTS, ...MORE_FAULTS].includes(rule.kind)) throw new Error(`\`${rule.kind}\` is not a fault`);
    const pattern = typeof rule.path === 'string' ? new RegExp(rule.path) : rule.path;
    const watch = { at: 1, times: 1, ...rule, seen: 0, fired: 0, pattern };
    this.#watches.push(watch);
    return watch;
  }

  clear() {
    this.#watches = [];
  }

  /** The rule that answers this request. Every rule counts it, though one alone fires.
   * @param {{ method: string, path: string }} request */
  fits({ method, path }) {
    const due = this.#watches.filter((watch) => {
      if (watch.method !== undefined && watch.method !== method) return false;
      if (watch.pattern !== undefined && !watch.pattern.test(path)) return false;
      watch.seen += 1;
      return watch.seen >= (watch.at ?? 1) && watch.seen < (watch.at ?? 1) + (watch.times ?? 1);
    });
    const first = due[0];
    if (first) first.fired += 1;
    return first;
  }
}

const UNICORN = '<!DOCTYPE html>\n<html><head><title>Unicorn! &middot; GitHub</title></head><body><p>We had issues producing the response to your request.</p></body></html>\n';
const SECONDARY = 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to GitHub Support for help, please include the request ID.';

/** The answer that a fault gives without the server acting; `undefined` when the server acts.
 * @param {Rule} rule @param {number} seconds the time, in seconds since 1970 @returns {Answer | undefined} */
export function instead(rule, seconds) {
  const retry = { 'retry-after': String(rule.retryAfter ?? 1) };
  switch (rule.kind) {
    case '500':
      return json(500, 'Server Error');
    case '502':
      return html(502);
    case '429-retry-after':
      return json(429, SECONDARY, retry);
    case '429':
      return json(429, SECONDARY);
    case '403-secondary':
      return json(403, SECONDARY, rule.retryAfter === undefined ? {} : retry);
    case 'rate-limit': {
      const reset = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(seconds + (rule.retryAfter ?? 1)) };
      return json(403, 'API rate limit exceeded for installation ID 1.', reset);
    }
    case '401':
      return json(401, 'Bad credentials');
    case '403':
      return json(403, 'Resource not accessible by integration');
    case '404':
      return json(404, 'Not Found');
    case '410':
      return json(410, 'This issue was deleted');
    case 'html':
      return html(200);
    case 'empty-list':
      return { status: 200, headers: JSON_TYPE, body: Buffer.from('[]') };
    default:
      return undefined;
  }
}

/** What the fault makes of the answer of a server that acted. @param {Rule} rule @param {Answer} answer @param {string} next the URL of a page too many */
export function afterwards(rule, answer, next) {
  if (rule.kind === '502-after') return html(502);
  const link = answer.headers.link ?? '';
  if (rule.kind !== 'extra-page' || answer.status !== 200 || link.includes('rel="next"')) return answer;
  return { ...answer, headers: { ...answer.headers, link: [link, `<${next}>; rel="next"`].filter(Boolean).join(', ') } };
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

/** @param {number} status @param {string} message @param {Record<string, string>} [headers] @returns {Answer} */
export function json(status, message, headers = {}) {
  const body = { message, documentation_url: 'https://docs.github.com/rest', status: String(status) };
  return { status, headers: { ...JSON_TYPE, ...headers }, body: Buffer.from(JSON.stringify(body)) };
}

/** @param {number} status @returns {Answer} */
function html(status) {
  return { status, headers: { 'content-type': 'text/html; charset=utf-8' }, body: Buffer.from(UNICORN) };
}
