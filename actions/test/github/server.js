// @ts-check
// A GitHub that keeps state, on 127.0.0.1: REST and git over HTTP, with people, a clock, and faults to order.
//
//   const github = await start({});                 // temporary folder, one token that may everything
//   github.people.promotion('acme/inventory', {...})
//   github.fail({ kind: 'reset-after', method: 'POST', path: /\/issues$/ })
//
// or as a process, which prints its URL: node actions/test/github/server.js --root DIR [--port 0] [--token TOKEN]
// and takes the people's verbs as POST /_fake/<verb> with a JSON array of arguments.

import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { command } from './control.js';
import { afterwards, Faults, instead, json } from './faults.js';
import { findLeaks } from './leaks.js';
import { People } from './people.js';
import { Rest } from './dispatch.js';
import { gitHttp, gitRequest } from './smart-http.js';
import { Refusal, World } from './world.js';

/** The token that a fake without another accepts. */
export const TOKEN = `ghs_${'countersign'.repeat(4).slice(0, 36)}`;

/** @typedef {import('./faults.js').Answer} Answer */
/** @typedef {{ n: number, kind: 'rest' | 'git', method: string, path: string, headers: Record<string, string>, by: string | undefined,
 *   body: Buffer, status: number | undefined, answer: Buffer | undefined, fault: string | undefined }} Entry one request, without its credentials */
/** @typedef {{ root?: string, port?: number, token?: string, permissions?: Record<string, 'read' | 'write'> | null, clock?: string,
 *   apiPath?: string, dropped?: string[], attestationsNone?: 'not-found' | 'empty', links?: 'id' | 'name' }} Options
 *   `dropped`: fields that no answer has, whatever the version; `links`: how `Link` headers name a repository */

/** Starts a fake GitHub. @param {Options} [options] */
export async function start(options = {}) {
  const github = new GitHub(options);
  await github.listen(options.port ?? 0);
  return github;
}

export class GitHub {
  /** @param {Options} options */
  constructor({ root, token = TOKEN, permissions = null, clock, apiPath = '/api/v3', ...rest }) {
    this.temporary = root === undefined;
    this.root = root ?? fs.mkdtempSync(path.join(os.tmpdir(), 'fake-github-'));
    fs.mkdirSync(this.root, { recursive: true });
    this.world = new World({ root: this.root });
    if (clock !== undefined) this.world.clock.set(clock);
    this.people = new People(this.world);
    this.faults = new Faults();
    this.token = token;
    this.world.token(token, 'github-actions[bot]', permissions);
    this.world.adopt();
    this.url = '';
    this.apiPath = apiPath;
    this.rest = new Rest(this.world, this.people, rest);
    /** @type {Entry[]} */
    this.log = [];
    /** @type {Set<(entry: Entry) => void>} */
    this.watchers = new Set();
    this.server = http.createServer((request, response) => void this.serve(request, response));
  }

  get state() {
    return this.world.state;
  }

  get clock() {
    return this.world.clock;
  }

  /** The base of REST requests: GITHUB_API_URL. */
  get apiUrl() {
    return `${this.url}${this.apiPath}`;
  }

  /** @param {number} port */
  async listen(port) {
    await new Promise((resolve) => this.server.listen(port, '127.0.0.1', () => resolve(undefined)));
    const address = /** @type {import('node:net').AddressInfo} */ (this.server.address());
    this.url = `http://127.0.0.1:${address.port}`;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
    if (this.temporary) fs.rmSync(this.root, { recursive: true, force: true });
  }

  /** Orders a fault; see `faults.js` for the kinds. @param {import('./faults.js').Rule} rule */
  fail(rule) {
    return this.faults.add(rule);
  }

  /** Ends when so many requests that fit were answered from now on.
   * @param {(entry: Entry) => boolean} fits @param {number} [times] @returns {Promise<Entry>} */
  when(fits, times = 1) {
    let left = times;
    return new Promise((resolve) => {
      const see = (/** @type {Entry} */ entry) => {
        if (!fits(entry) || (left -= 1) > 0) return;
        this.watchers.delete(see);
        resolve(entry);
      };
      this.watchers.add(see);
    });
  }

  /** Forgets the requests so far, and the faults. */
  reset() {
    this.log.length = 0;
    this.faults.clear();
  }

  /** Where a secret is that should be in no place but the header that carried it: requests, answers, state, every
   * object of every repository. Without secrets: the tokens that the fake knows. @param {string[]} [secrets] */
  leaks(secrets = Object.keys(this.state.tokens)) {
    return findLeaks(secrets, this);
  }

  /** @param {http.IncomingMessage} request @param {http.ServerResponse} response */
  async serve(request, response) {
    try {
      const body = await whole(request);
      const [raw = '/', query = ''] = (request.url ?? '/').split('?');
      if (raw.startsWith('/_fake/')) {
        send(response, command(this, raw.slice('/_fake/'.length), body));
        return;
      }
      await this.answer(request, response, { path: raw, query, body });
    } catch (problem) {
      // A broken fake must not look like a broken GitHub: tests look for 599.
      if (!response.headersSent) send(response, { ...json(599, String(/** @type {Error} */ (problem)?.stack)) });
    }
  }

  /** @param {http.IncomingMessage} request @param {http.ServerResponse} response @param {{ path: string, query: string, body: Buffer }} asked */
  async answer(request, response, { path: raw, query, body }) {
    const git = gitRequest(raw, query);
    if (request.rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'authorization').length > 1) {
      // As GitHub does: a checkout that kept its credentials and a host that adds its own meet here.
      return send(response, plain(400, 'Duplicate header: "Authorization"'));
    }
    const { authorization, ...headers } = /** @type {Record<string, string>} */ (request.headers);
    const caller = git ? basic(authorization, this.state.tokens) : bearer(authorization, this.state.tokens);
    /** @type {Entry} */
    const entry = {
      n: this.log.length + 1,
      kind: git ? 'git' : 'rest',
      method: request.method ?? 'GET',
      path: query === '' ? raw : `${raw}?${query}`,
      headers,
      by: caller?.login,
      body,
      status: undefined,
      answer: undefined,
      fault: undefined,
    };
    this.log.push(entry);
    const rule = this.faults.fits(entry);
    entry.fault = rule?.kind;
    if (rule?.kind === 'timeout') return;
    if (rule?.kind === 'reset') return void request.socket.resetAndDestroy();
    const early = rule && instead(rule, Math.floor(this.clock.millis() / 1000));
    const act = async () => (git ? this.git(git, { request, query, body, caller }) : this.restAnswer(entry, { path: raw, query, authorization, caller }));
    const acted = early ?? (rule?.kind === 'silent' ? await this.rest.undone(act) : await act());
    const answer = rule ? afterwards(rule, acted, this.pageTooMany(raw, query)) : acted;
    if (rule?.kind === 'reset-after') return void request.socket.resetAndDestroy();
    Object.assign(entry, { status: answer.status, answer: answer.body });
    this.watchers.forEach((see) => see(entry));
    if (rule?.kind === 'truncated') cut(response, answer);
    else send(response, answer);
  }

  /** @param {Entry} entry @param {{ path: string, query: string, authorization: string | undefined, caller: Caller | undefined }} asked */
  restAnswer(entry, { path: raw, query, authorization, caller }) {
    const api = raw.startsWith(`${this.apiPath}/`) && this.apiPath !== '';
    const inner = api ? raw.slice(this.apiPath.length) : raw;
    return this.rest.answer({ ...entry, path: inner, query, authorized: authorization !== undefined, caller, api: api ? this.apiUrl : this.url, html: this.url });
  }

  /** @param {NonNullable<ReturnType<typeof gitRequest>>} asked
   * @param {{ request: http.IncomingMessage, query: string, body: Buffer, caller: Caller | undefined }} how @returns {Promise<Answer>} */
  async git(asked, { request, query, body, caller }) {
    const known = Object.keys(this.state.repositories).find((name) => name.toLowerCase() === asked.repository.toLowerCase());
    const repository = known === undefined ? undefined : this.state.repositories[known];
    const open = repository && !repository.private && !asked.writes;
    if (!caller && !open) return plain(401, 'Authentication required', { 'www-authenticate': 'Basic realm="GitHub"' });
    const level = caller?.permissions === null ? 'write' : caller?.permissions?.contents;
    if (!repository || (!open && level === undefined)) return plain(404, 'Repository not found.');
    if (asked.writes && level !== 'write') return plain(403, 'Permission denied.');
    const user = caller?.login ?? 'anonymous';
    return gitHttp(this.root, { ...asked, repository: `${known}` }, { method: request.method ?? 'GET', query, headers: request.headers, body, user });
  }

  /** @param {string} raw @param {string} query */
  pageTooMany(raw, query) {
    const search = new URLSearchParams(query);
    search.set('page', String(Number(search.get('page') ?? 1) + 1));
    return `${this.url}${raw}?${search}`;
  }
}

/** @typedef {import('./world.js').Grant} Caller */

/** @param {string | undefined} header @param {Record<string, Caller>} tokens */
function bearer(header, tokens) {
  const match = /^(?:bearer|token) (\S+)$/i.exec(header ?? '');
  return match ? grant(tokens, match[1]) : undefined;
}

/** @param {string | undefined} header @param {Record<string, Caller>} tokens */
function basic(header, tokens) {
  const match = /^basic (\S+)$/i.exec(header ?? '');
  const [user, ...password] = Buffer.from(match?.[1] ?? '', 'base64').toString('utf8').split(':');
  return user === 'x-access-token' ? grant(tokens, password.join(':')) : undefined;
}

/** @param {Record<string, Caller>} tokens @param {string | undefined} token */
function grant(tokens, token) {
  return token !== undefined && Object.hasOwn(tokens, token) ? tokens[token] : undefined;
}

/** @param {number} status @param {string} text @param {Record<string, string>} [headers] @returns {Answer} */
function plain(status, text, headers = {}) {
  return { status, headers: { 'content-type': 'text/plain', ...headers }, body: Buffer.from(`${text}\n`) };
}

/** @param {http.IncomingMessage} request @returns {Promise<Buffer>} */
async function whole(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** @param {http.ServerResponse} response @param {Answer} answer */
function send(response, { status, headers, body }) {
  const length = status === 204 ? {} : { 'content-length': String(body.length) };
  response.writeHead(status, { ...headers, ...length });
  response.end(status === 204 ? undefined : body);
}

/** Promises more than it sends, and hangs up. @param {http.ServerResponse} response @param {Answer} answer */
function cut(response, { status, headers, body }) {
  response.writeHead(status === 204 ? 200 : status, { ...headers, 'content-length': String(body.length + 1) });
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.socket?.end());
  if (body.length < 2) response.flushHeaders(), response.socket?.end();
}

if (process.argv[1] && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { root: { type: 'string' }, port: { type: 'string' }, token: { type: 'string' }, clock: { type: 'string' } } });
  if (values.root === undefined) throw new Refusal(2, 'usage: server.js --root DIR [--port 0] [--token TOKEN] [--clock ISO]');
  const github = await start({ root: values.root, port: Number(values.port ?? 0), token: values.token, clock: values.clock });
  process.stdout.write(`${github.url}\n`);
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(0));
}
