// @ts-check
// git over HTTP: one request, handed to `git http-backend` as CGI.

import { spawn } from 'node:child_process';
import { ISOLATED } from './git.js';

const GIT_PATH = /^\/([\w.-]+)\/([\w.-]+?)(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/;

/** What a path asks of git; `undefined` when it is not git's. @param {string} path @param {string} query */
export function gitRequest(path, query) {
  const match = GIT_PATH.exec(path);
  if (!match) return undefined;
  const [, owner, name, verb] = match;
  const service = verb === 'info/refs' ? new URLSearchParams(query).get('service') : verb;
  return { repository: `${owner}/${name}`, verb: `${verb}`, writes: service === 'git-receive-pack' };
}

/**
 * @param {string} root
 * @param {{ repository: string, verb: string }} asked
 * @param {{ method: string, query: string, headers: import('node:http').IncomingHttpHeaders, body: Buffer, user: string }} request
 * @returns {Promise<import('./faults.js').Answer>}
 */
export async function gitHttp(root, asked, { method, query, headers, body, user }) {
  const env = {
    ...ISOLATED,
    GIT_PROJECT_ROOT: root,
    GIT_HTTP_EXPORT_ALL: '1',
    PATH_INFO: `/${asked.repository}.git/${asked.verb}`,
    REQUEST_METHOD: method,
    QUERY_STRING: query,
    CONTENT_TYPE: headers['content-type'] ?? '',
    CONTENT_LENGTH: String(body.length),
    HTTP_CONTENT_ENCODING: String(headers['content-encoding'] ?? ''),
    GIT_PROTOCOL: String(headers['git-protocol'] ?? ''),
    REMOTE_USER: user,
    REMOTE_ADDR: '127.0.0.1',
    GIT_COMMITTER_NAME: user,
    GIT_COMMITTER_EMAIL: 'push@localhost',
  };
  const child = spawn('git', ['http-backend'], { env, stdio: ['pipe', 'pipe', 'ignore'] });
  /** @type {Buffer[]} */
  const chunks = [];
  child.stdout.on('data', (chunk) => chunks.push(chunk));
  child.stdin.on('error', () => {});
  child.stdin.end(body);
  await new Promise((resolve, reject) => child.on('close', resolve).on('error', reject));
  return cgi(Buffer.concat(chunks));
}

/** @param {Buffer} output @returns {import('./faults.js').Answer} */
function cgi(output) {
  const end = output.indexOf('\r\n\r\n');
  if (end < 0) return { status: 500, headers: { 'content-type': 'text/plain' }, body: Buffer.from('git http-backend gave no answer') };
  /** @type {Record<string, string>} */
  const headers = {};
  let status = 200;
  for (const line of output.subarray(0, end).toString('latin1').split('\r\n')) {
    const [name = '', ...value] = line.split(':');
    if (name.toLowerCase() === 'status') status = Number.parseInt(value.join(':'), 10);
    else headers[name.toLowerCase()] = value.join(':').trim();
  }
  return { status, headers, body: output.subarray(end + 4) };
}
