// @ts-check
// From a REST request to an answer: versions, credentials, permissions, routes, pages.

import { Answers } from './answers.js';
import { ROUTES, TEAM } from './rest.js';
import { Refusal } from './world.js';

export const VERSIONS = Object.freeze(['2022-11-28', '2026-03-10']);
/** What the 2026 version has no more. */
const DROPPED = Object.freeze(['merge_commit_sha', 'assignee']);
const DOCS = 'https://docs.github.com/rest';

/** @typedef {{ method: string, path: string, query: string, headers: Record<string, string>, body: Buffer, authorized: boolean,
 *   caller: import('./world.js').Grant | undefined, api: string, html: string }} Request */

export class Rest {
  /** @param {import('./world.js').World} world @param {import('./people.js').People} people
   * @param {{ dropped?: string[], attestationsNone?: 'not-found' | 'empty', links?: 'id' | 'name' }} options */
  constructor(world, people, { dropped = [], attestationsNone = 'not-found', links = 'id' }) {
    this.world = world;
    this.people = people;
    this.dropped = dropped;
    this.options = { attestationsNone };
    this.links = links;
    /** How much of the hour's allowance is left. */
    this.remaining = 5000;
    /** Spoils the body of each good answer, when a test says how. @type {((body: any) => any) | undefined} */
    this.spoil = undefined;
  }

  /** @param {Request} request @returns {import('./faults.js').Answer} */
  answer(request) {
    const version = request.headers['x-github-api-version'] ?? '2022-11-28';
    this.remaining -= 1;
    try {
      if (!request.headers['user-agent']) throw new Refusal(403, 'Request forbidden by administrative rules. Please make sure your request has a User-Agent header.');
      if (!VERSIONS.includes(version)) throw new Refusal(400, `"${version}" is not a supported API version. Supported versions: ${VERSIONS.join(', ')}.`);
      if (!request.caller) throw new Refusal(401, request.authorized ? 'Bad credentials' : 'Requires authentication');
      if (this.remaining < 0) throw new Refusal(403, 'API rate limit exceeded for installation ID 1.');
      const dropped = new Set([...this.dropped, ...(version === '2026-03-10' ? DROPPED : [])]);
      const shape = new Answers(this.world, { api: request.api, html: request.html, dropped });
      const answer = this.routed(request, request.caller, shape);
      return this.reply(this.spoil ? { ...answer, body: this.spoil(answer.body) } : answer, version);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      const body = { message: refusal.message, ...refusal.more, documentation_url: DOCS, status: String(refusal.status) };
      /** @type {Record<string, string>} */
      const headers = refusal.status === 301 ? { location: /** @type {any} */ (refusal.more).url } : {};
      return this.reply({ status: refusal.status, body, headers }, version);
    }
  }

  /** @param {Request} request @param {import('./world.js').Grant} caller @param {Answers} shape */
  routed(request, caller, shape) {
    const { method, path } = request;
    const asked = { world: this.world, people: this.people, shape, query: new URLSearchParams(request.query), body: parse(request), by: caller.login, options: this.options };
    const team = TEAM.pattern.exec(path);
    if (team && method === TEAM.method) {
      permitted(caller, TEAM.may);
      return this.paged(TEAM.act({ ...asked, repo: '', bits: team.slice(1).map(decode) }), request, path);
    }
    const { repo, rest } = this.located(request);
    for (const route of ROUTES) {
      const match = route.method === method ? route.pattern.exec(rest) : null;
      if (!match) continue;
      permitted(caller, route.may);
      const { id, issuesOn } = this.world.found(repo);
      if (!issuesOn && rest.startsWith('/issues') && method === 'POST') throw new Refusal(410, 'Issues has been disabled in this repository.');
      const answered = route.act({ ...asked, repo, bits: match.slice(1).map(decode) });
      return this.paged(answered, request, this.links === 'id' ? `/repositories/${id}${rest}` : `/repos/${repo}${rest}`);
    }
    throw new Refusal(404, 'Not Found');
  }

  /** Which repository a path is about. @param {Request} request */
  located({ path, api }) {
    const byId = /^\/repositories\/(\d+)(\/.*)?$/.exec(path);
    if (byId) {
      const [repo] = Object.entries(this.world.state.repositories).find(([, each]) => each.id === Number(byId[1])) ?? [];
      if (repo === undefined) throw new Refusal(404, 'Not Found');
      return { repo, rest: byId[2] ?? '' };
    }
    const match = /^\/repos\/([^/]+)\/([^/]+)(\/.*)?$/.exec(path);
    if (!match) throw new Refusal(404, 'Not Found');
    const name = `${decode(match[1] ?? '')}/${decode(match[2] ?? '')}`;
    const moved = this.world.state.moved[name];
    if (moved !== undefined) {
      const url = `${api}/repositories/${this.world.found(moved).id}${match[3] ?? ''}`;
      throw new Refusal(301, 'Moved Permanently', { url });
    }
    const repo = Object.keys(this.world.state.repositories).find((each) => each.toLowerCase() === name.toLowerCase());
    if (repo === undefined) throw new Refusal(404, 'Not Found');
    return { repo, rest: match[3] ?? '' };
  }

  /** Cuts a list to the page that was asked for, and links to the others.
   * @param {import('./rest.js').Answered} answered @param {Request} request @param {string} path */
  paged({ status = 200, body, list, within = (page) => page, cursor, headers = {} }, { query, api }, path) {
    if (list === undefined) return { status, body, headers };
    const search = new URLSearchParams(query);
    const size = Math.min(positive(search.get('per_page'), 30), 100);
    const number = cursor ? positive(from64(search.get('after')), 1) : positive(search.get('page'), 1);
    const last = Math.max(1, Math.ceil(list.length / size));
    const page = list.slice((number - 1) * size, number * size).map((item) => (typeof item === 'function' ? item() : item));
    /** @param {number} to @param {string} rel */
    const link = (to, rel) => {
      search.delete('after');
      if (cursor) search.set('after', Buffer.from(String(to)).toString('base64url'));
      else search.set('page', String(to));
      return `<${api}${path}?${search}>; rel="${rel}"`;
    };
    const links = [];
    if (number > 1 && !cursor) links.push(link(Math.min(number - 1, last), 'prev'));
    if (number < last) links.push(link(number + 1, 'next'));
    if (number < last && !cursor) links.push(link(last, 'last'));
    if (number > 1 && !cursor) links.push(link(1, 'first'));
    return { status, body: within(page, number === 1), headers: links.length ? { ...headers, link: links.join(', ') } : headers };
  }

  /** @param {{ status: number, body?: any, headers: Record<string, string> }} answer @param {string} version */
  reply({ status, body, headers }, version) {
    const remaining = Math.max(0, this.remaining);
    const all = {
      'content-type': 'application/json; charset=utf-8',
      'x-github-media-type': 'github.v3; format=json',
      'x-github-api-version-selected': version,
      'x-ratelimit-limit': '5000',
      'x-ratelimit-remaining': String(remaining),
      'x-ratelimit-used': String(5000 - remaining),
      'x-ratelimit-reset': String(Math.floor(this.world.clock.millis() / 1000) + 3600),
      'x-ratelimit-resource': 'core',
      ...headers,
    };
    return { status, headers: all, body: Buffer.from(body === undefined ? '' : JSON.stringify(body)) };
  }

  /** Answers a request, and then takes back what it did. @param {() => Promise<import('./faults.js').Answer>} act */
  async undone(act) {
    const before = structuredClone(this.world.state);
    const refs = new Map(Object.keys(before.repositories).map((name) => [name, this.world.bare(name).refs('refs/')]));
    const answer = await act();
    Object.assign(this.world.state, before);
    for (const [name, kept] of refs) restore(this.world.bare(name), kept);
    return answer;
  }
}

/** @param {import('./git.js').Bare} bare @param {{ ref: string, sha: string }[]} kept */
function restore(bare, kept) {
  for (const { ref } of bare.refs('refs/')) if (!kept.some((each) => each.ref === ref)) bare.run(['update-ref', '-d', ref]);
  for (const { ref, sha } of kept) bare.run(['update-ref', ref, sha]);
}

/** @param {import('./world.js').Grant} caller @param {[string, 'read' | 'write']} may */
function permitted({ permissions }, [area, level]) {
  if (permissions === null || area === 'metadata') return;
  const has = permissions[area] ?? (area === 'issues' ? permissions.pull_requests : undefined);
  if (has === 'write' || (has === 'read' && level === 'read')) return;
  throw new Refusal(403, 'Resource not accessible by integration');
}

/** @param {Request} request */
function parse({ method, body }) {
  if (method === 'GET' || body.length === 0) return {};
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw new Refusal(400, 'Problems parsing JSON');
  }
}

/** @param {string} text */
function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Refusal(400, 'Bad Request');
  }
}

/** @param {string | null} text @param {number} otherwise */
function positive(text, otherwise) {
  return text !== null && /^[1-9]\d*$/.test(text) ? Number(text) : otherwise;
}

/** @param {string | null} text */
function from64(text) {
  return text === null ? null : Buffer.from(text, 'base64url').toString('utf8');
}
