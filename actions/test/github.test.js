// @ts-check
// The fake GitHub behaves as GitHub does, also when it misbehaves.

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { promisify } from 'node:util';
import { FAULTS, MORE_FAULTS } from './github/faults.js';
import { ISOLATED } from './github/git.js';
import { start, TOKEN } from './github/server.js';

const run = promisify(execFile);
const NAME = 'acme/inventory';
const REPO = `/repos/${NAME}`;

/** @type {import('./github/server.js').GitHub} */
let github;
/** @type {string} */
let scratch;
beforeEach(async () => {
  github = await start({ clock: '2026-11-21T09:00:00Z' });
  github.world.repository(NAME, { files: { 'app.json': '{"version":1}\n' } });
  github.world.commit(NAME, { branch: 'prod', from: 'main', files: { env: 'prod\n' }, by: 'alice' });
  scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'fake-test-'));
});
afterEach(async () => {
  await github.stop();
  fs.rmSync(scratch, { recursive: true, force: true });
});

/** @param {string} method @param {string} where @param {unknown} [body] @param {Record<string, string>} [headers] */
async function ask(method, where, body, headers = {}) {
  const response = await fetch(where.startsWith('http') ? where : `${github.apiUrl}${where}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, 'user-agent': 'test', ...headers },
    signal: AbortSignal.timeout(1000),
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = response.headers.get('content-type')?.includes('json') && text !== '' ? JSON.parse(text) : undefined;
  return { status: response.status, headers: response.headers, text, json };
}

/** The URL of a related page. @param {Headers} headers @param {string} rel */
function link(headers, rel) {
  return new RegExp(`<([^>]*)>; rel="${rel}"`).exec(headers.get('link') ?? '')?.[1];
}

/** @param {string} [token] git's environment with a token, given as the product gives it */
function credentials(token = TOKEN) {
  const header = `AUTHORIZATION: basic ${Buffer.from(`x-access-token:${token}`).toString('base64')}`;
  return { ...ISOLATED, GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: `http.${github.url}/.extraheader`, GIT_CONFIG_VALUE_0: header };
}

/** @param {string[]} words @param {Record<string, string>} [env] */
async function git(words, env = credentials()) {
  const who = ['-c', 'user.name=x', '-c', 'user.email=x@example.com'];
  return (await run('git', [...who, ...words], { cwd: scratch, env })).stdout.trim();
}

/** How a push ends that has a second; git's helpers outlive it, so the whole group goes. @returns {Promise<string>} */
function pushed() {
  const child = spawn('git', ['push', '-q', 'origin', 'HEAD:refs/heads/x'], { cwd: path.join(scratch, 'clone'), env: credentials(), detached: true, stdio: 'ignore' });
  const timer = setTimeout(() => process.kill(-Number(child.pid), 'SIGKILL'), 1000);
  return new Promise((resolve) => child.on('close', (code) => resolve((clearTimeout(timer), code === 0 ? 'pushed' : 'failed'))));
}

test('a list is given page by page, thirty at a time unless asked otherwise', async () => {
  for (let n = 1; n <= 65; n += 1) github.world.open(NAME, { title: `${n}`, by: 'alice' });
  const first = await ask('GET', `${REPO}/issues`);
  assert.equal(first.json.length, 30);
  assert.match(link(first.headers, 'next') ?? '', /\/repositories\/500001\/issues\?page=2$/);
  const seen = [];
  for (let at = /** @type {string | undefined} */ (`${REPO}/issues?per_page=20&direction=asc`); at !== undefined; ) {
    const { json, headers } = await ask('GET', at);
    seen.push(...json.map((/** @type {any} */ issue) => issue.number));
    at = link(headers, 'next');
  }
  assert.deepEqual(seen, Array.from({ length: 65 }, (_, at) => at + 1));
  assert.equal((await ask('GET', `${REPO}/issues?per_page=500`)).json.length, 65);
  assert.deepEqual((await ask('GET', `${REPO}/issues?page=9`)).json, []);
});

test('a list has no links when it is all on one page', async () => {
  assert.equal((await ask('GET', `${REPO}/issues`)).headers.get('link'), null);
});

test('the timeline tells who put on and took off a label, and when', async () => {
  const { json: issue } = await ask('POST', `${REPO}/issues`, { title: 'CR', labels: ['status_new'] });
  github.people.label(NAME, issue.number, 'Status_Approved', { by: 'carol', at: '2026-11-21T10:00:00Z' });
  github.people.label(NAME, issue.number, 'status_approved', { by: 'dave', at: '2026-11-21T10:30:00Z' });
  github.people.unlabel(NAME, issue.number, 'status_approved', { by: 'erin', at: '2026-11-21T11:00:00Z' });
  github.people.close(NAME, issue.number, { by: 'erin', at: '2026-11-21T12:00:00Z' });
  github.people.reopen(NAME, issue.number, { by: 'carol', at: '2026-11-21T13:00:00Z' });
  const { json } = await ask('GET', `${REPO}/issues/${issue.number}/timeline`);
  const told = json.map((/** @type {any} */ each) => [each.event, each.label?.name, each.actor.login, each.created_at]);
  assert.deepEqual(told, [
    ['labeled', 'status_new', 'github-actions[bot]', '2026-11-21T09:00:00Z'],
    ['labeled', 'Status_Approved', 'carol', '2026-11-21T10:00:00Z'],
    ['unlabeled', 'Status_Approved', 'erin', '2026-11-21T11:00:00Z'],
    ['closed', undefined, 'erin', '2026-11-21T12:00:00Z'],
    ['reopened', undefined, 'carol', '2026-11-21T13:00:00Z'],
  ]);
});

test('issues are found by all of their labels, and pull requests are among them', async () => {
  github.people.promotion(NAME, { base: 'prod', files: { x: '1' }, labels: ['a', 'B'], merge: false });
  github.world.open(NAME, { title: 'both', labels: ['a', 'b'], by: 'alice' });
  github.world.open(NAME, { title: 'one', labels: ['a'], by: 'alice' });
  const { json } = await ask('GET', `${REPO}/issues?labels=A,b&direction=asc`);
  assert.deepEqual(json.map((/** @type {any} */ each) => [each.number, Boolean(each.pull_request)]), [[1, true], [2, false]]);
});

test('a promotion is a real merge, and its commit leads back to it', async () => {
  const made = github.people.promotion(NAME, { base: 'prod', files: { 'app.json': '{"version":2}\n' }, body: '<priority>low</priority>\r\n', by: 'alice', reviews: [{ by: 'carol', at: '2026-11-21T08:00:00Z' }], merge: { by: 'dave' } });
  github.people.promotion(NAME, { base: 'prod', files: { other: 'x' } });
  const { json: pulls } = await ask('GET', `${REPO}/commits/${made.commit}/pulls`);
  assert.deepEqual(pulls.map((/** @type {any} */ pull) => pull.number), [made.number]);
  const { json: pull } = await ask('GET', `${REPO}/pulls/${made.number}`);
  assert.deepEqual([pull.merged, pull.merged_by.login, pull.merge_commit_sha, pull.head.sha, pull.base.ref], [true, 'dave', made.commit, made.head, 'prod']);
  const { json: commits } = await ask('GET', `${REPO}/pulls/${made.number}/commits`);
  assert.deepEqual(commits.map((/** @type {any} */ each) => [each.sha, each.author.login]), [[made.head, 'alice']]);
  const { json: files } = await ask('GET', `${REPO}/pulls/${made.number}/files`);
  assert.deepEqual(files.map((/** @type {any} */ each) => [each.filename, each.status, each.changes]), [['app.json', 'modified', 2]]);
  const { json: reviews } = await ask('GET', `${REPO}/pulls/${made.number}/reviews`);
  assert.deepEqual(reviews.map((/** @type {any} */ each) => [each.user.login, each.state, each.commit_id]), [['carol', 'APPROVED', made.head]]);
  const { json: compared } = await ask('GET', `${REPO}/compare/${made.commit}...prod`);
  assert.deepEqual([compared.status, compared.ahead_by, compared.behind_by], ['ahead', 2, 0]);
});

for (const method of /** @type {const} */ (['merge', 'squash', 'rebase'])) {
  test(`a promotion by ${method} is found by its commit`, async () => {
    const made = github.people.promotion(NAME, { base: 'prod', files: { x: method }, merge: { method } });
    const { json } = await ask('GET', `${REPO}/commits/${made.commit}/pulls`);
    assert.deepEqual(json.map((/** @type {any} */ pull) => pull.number), [made.number]);
    assert.equal(github.world.bare(NAME).file('prod', 'x'), method);
  });
}

test('an open pull request follows its branch, and a review stays with its commit', async () => {
  const made = github.people.promotion(NAME, { base: 'prod', files: { x: '1' }, merge: false, reviews: ['carol'] });
  const pushed = github.people.push(NAME, made.number, { files: { x: '2' }, by: 'alice' });
  const { json: pull } = await ask('GET', `${REPO}/pulls/${made.number}`);
  const { json: reviews } = await ask('GET', `${REPO}/pulls/${made.number}/reviews`);
  assert.deepEqual([pull.head.sha, reviews[0].commit_id], [pushed, made.head]);
});

test('the 2026 version has no merge_commit_sha and no assignee', async () => {
  const made = github.people.promotion(NAME, { base: 'prod', files: { x: '1' } });
  for (const [version, there] of [['2022-11-28', true], ['2026-03-10', false]]) {
    for (const where of [`pulls/${made.number}`, `issues/${made.number}`]) {
      const { json } = await ask('GET', `${REPO}/${where}`, undefined, { 'x-github-api-version': `${version}` });
      assert.equal('assignee' in json, there, `${version} ${where}`);
      assert.equal('merge_commit_sha' in json, there && where.startsWith('pulls'), `${version} ${where}`);
    }
  }
  assert.equal((await ask('GET', REPO, undefined, { 'x-github-api-version': '2020-01-01' })).status, 400);
});

test('nobody is let in without the token, and nobody beyond its permissions', async () => {
  github.world.token('reader', 'github-actions[bot]', { issues: 'read', 'pull-requests': 'read' });
  const status = async (/** @type {string} */ authorization, method = 'GET', where = `${REPO}/issues`, body = undefined) =>
    (await ask(method, where, body, { authorization })).status;
  assert.equal((await fetch(`${github.apiUrl}${REPO}`)).status, 401);
  assert.equal(await status('Bearer wrong'), 401);
  assert.equal(await status('Bearer reader'), 200);
  assert.equal(await status('Bearer reader', 'POST'), 403);
  assert.equal(await status('Bearer reader', 'GET', '/orgs/acme/teams/x/members'), 403);
  assert.equal(await status(`Bearer ${TOKEN}`, 'GET', '/repos/acme/other'), 404);
});

test('a repository that moved, and one without issues, say so', async () => {
  github.state.moved['acme/before'] = NAME;
  const response = await fetch(`${github.apiUrl}/repos/acme/before/issues`, { redirect: 'manual', headers: { authorization: `Bearer ${TOKEN}` } });
  assert.deepEqual([response.status, response.headers.get('location')], [301, `${github.apiUrl}/repositories/500001/issues`]);
  github.world.found(NAME).issuesOn = false;
  assert.equal((await ask('POST', `${REPO}/issues`, { title: 'x' })).status, 410);
  assert.equal((await ask('GET', `${REPO}/issues`)).status, 410);
});

test('GitHub refuses what is malformed or too long', async () => {
  /** @type {[string, string, unknown, number][]} */
  const all = [
    ['POST', 'issues', { labels: [] }, 422],
    ['POST', 'issues', { title: 'x', labels: 'x' }, 422],
    ['POST', 'issues', '{"title":', 400],
    ['POST', 'issues', { title: 'x', body: 'x'.repeat(65537) }, 422],
    ['POST', 'issues', { title: 'x', body: 'é'.repeat(65536) }, 201],
    ['POST', 'issues', { title: 'x'.repeat(257) }, 422],
    ['POST', 'issues', { title: 'x', labels: ['x'.repeat(51)] }, 422],
    ['PATCH', 'issues/1', { state: 'shut' }, 422],
    ['POST', 'git/refs', { ref: 'refs/heads/new', sha: '0'.repeat(40) }, 422],
    ['POST', 'git/refs', { ref: 'heads', sha: '0'.repeat(40) }, 422],
  ];
  for (const [method, where, body, status] of all) assert.equal((await ask(method, `${REPO}/${where}`, body)).status, status, `${where} ${JSON.stringify(body).slice(0, 80)}`);
});

test('a ref is made once, however many ask at the same time', async () => {
  const sha = github.world.bare(NAME).commit('prod');
  const claims = await Promise.all(Array.from({ length: 8 }, () => ask('POST', `${REPO}/git/refs`, { ref: 'refs/countersign/claim', sha })));
  assert.deepEqual(claims.map(({ status }) => status).sort(), [201, ...Array(7).fill(422)]);
  const main = github.world.bare(NAME).commit('main');
  assert.equal((await ask('PATCH', `${REPO}/git/refs/heads/prod`, { sha: main })).json.message, 'Update is not a fast forward');
  assert.equal((await ask('PATCH', `${REPO}/git/refs/heads/main`, { sha })).status, 200);
});

test('git clones and pushes over HTTP with the token, and REST sees the same repository', async () => {
  await git(['clone', '-q', `${github.url}/${NAME}.git`, 'clone']);
  await git(['-C', 'clone', 'commit', '-q', '--allow-empty', '-m', 'one']);
  await git(['-C', 'clone', 'push', '-q', 'origin', 'HEAD:refs/heads/countersign']);
  const sha = await git(['-C', 'clone', 'rev-parse', 'HEAD']);
  assert.equal((await ask('GET', `${REPO}/git/ref/heads/countersign`)).json.object.sha, sha);
  assert.ok(github.log.some(({ kind, method, path: where, status }) => kind === 'git' && method === 'POST' && where.endsWith('git-receive-pack') && status === 200));
});

test('a push on top of what has moved is refused, and so is a lease on what it is not', async () => {
  await git(['clone', '-q', `${github.url}/${NAME}`, 'clone']);
  await git(['-C', 'clone', 'commit', '-q', '--allow-empty', '-m', 'mine']);
  github.world.commit(NAME, { branch: 'main', files: { theirs: 'x' }, by: 'bob' });
  await assert.rejects(git(['-C', 'clone', 'push', '-q', 'origin', 'HEAD:main']), /rejected/);
  await assert.rejects(git(['-C', 'clone', 'push', '-q', '--force-with-lease=refs/heads/prod:' + '1'.repeat(40), 'origin', 'HEAD:prod']), /stale info/);
});

test('git is let in with the token alone, and reads what is public without', async () => {
  const url = `${github.url}/${NAME}.git`;
  await assert.rejects(git(['ls-remote', url], ISOLATED), /could not read Username|Authentication failed/);
  await assert.rejects(git(['ls-remote', url], credentials('wrong')), /could not read Username|Authentication failed/);
  github.world.token('reader', 'bob', { contents: 'read' });
  await git(['clone', '-q', url, 'clone'], credentials('reader'));
  await assert.rejects(git(['-C', 'clone', 'push', '-q', url, 'HEAD:refs/heads/x'], credentials('reader')), /403/);
  github.world.found(NAME).private = false;
  assert.match(await git(['ls-remote', url], ISOLATED), /refs\/heads\/prod/);
  await assert.rejects(git(['-C', 'clone', 'push', '-q', url, 'HEAD:refs/heads/x'], ISOLATED), /could not read Username|Authentication failed/);
});

test('two authorization headers are one too many', async () => {
  await git(['clone', '-q', `${github.url}/${NAME}`, 'clone']);
  await git(['-C', 'clone', 'config', `http.${github.url}/.extraheader`, credentials().GIT_CONFIG_VALUE_0]);
  await assert.rejects(git(['-C', 'clone', 'ls-remote', 'origin']), /400/);
});

// Faults ------------------------------------------------------------------------------------------------------------

/** What each fault looks like to the one who asked for an issue to be made, and whether it was made. @type {Record<string, [number | RegExp, boolean]>} */
const SEEN = {
  '500': [500, false],
  '502': [502, false],
  '429-retry-after': [429, false],
  '429': [429, false],
  '403-secondary': [403, false],
  timeout: [/TimeoutError|aborted/, false],
  reset: [/fetch failed/, false],
  'reset-after': [/fetch failed/, true],
  html: [200, false],
  truncated: [/terminated|fetch failed/, true],
  'empty-list': [200, false],
  'extra-page': [201, true],
  '502-after': [502, true],
  silent: [201, false],
  'rate-limit': [403, false],
  '401': [401, false],
  '403': [403, false],
  '404': [404, false],
  '410': [410, false],
};

for (const kind of [...FAULTS, ...MORE_FAULTS]) {
  test(`a request can be answered by the fault ${kind}`, async () => {
    const rule = github.fail({ kind, at: 2, method: 'POST' });
    const post = () => ask('POST', `${REPO}/issues`, { title: 'x' });
    assert.equal((await post()).status, 201);
    const [seen, made] = SEEN[kind] ?? [];
    if (seen instanceof RegExp) await assert.rejects(post(), (/** @type {Error} */ error) => seen.test(`${error.name} ${error.message}`));
    else assert.equal((await post()).status, seen);
    assert.equal(github.world.found(NAME).issues.length, made ? 2 : 1);
    assert.equal((await post()).status, 201);
    assert.equal(rule.fired, 1);
  });

  test(`git meets the fault ${kind}`, async () => {
    await git(['clone', '-q', `${github.url}/${NAME}`, 'clone']);
    await git(['-C', 'clone', 'commit', '-q', '--allow-empty', '-m', 'one']);
    const rule = github.fail({ kind, method: 'POST', path: /git-receive-pack$/ });
    const ended = await pushed();
    const there = github.world.bare(NAME).ref('refs/heads/x') !== undefined;
    const [, acted] = SEEN[kind] ?? [];
    assert.equal(rule.fired, 1);
    // On a connection that it used before, git's HTTP library sends a request that was reset once more by itself.
    if (kind.startsWith('reset')) return;
    assert.equal(there, acted);
    if (!['silent', 'extra-page'].includes(kind)) assert.equal(ended, 'failed');
  });
}

test('a page too many is empty, and follows the last one only', async () => {
  for (let n = 1; n <= 3; n += 1) github.world.open(NAME, { title: `${n}`, by: 'alice' });
  github.fail({ kind: 'extra-page', times: 3 });
  const first = await ask('GET', `${REPO}/issues?per_page=2`);
  const second = await ask('GET', link(first.headers, 'next') ?? '');
  const third = await ask('GET', link(second.headers, 'next') ?? '');
  assert.deepEqual([first.json.length, second.json.length, third.json], [2, 1, []]);
});

test('a limit tells when to come again', async () => {
  github.fail({ kind: '429-retry-after', retryAfter: 7 });
  github.fail({ kind: 'rate-limit', at: 2, retryAfter: 60 });
  assert.equal((await ask('GET', REPO)).headers.get('retry-after'), '7');
  const { headers } = await ask('GET', REPO);
  assert.deepEqual([headers.get('x-ratelimit-remaining'), headers.get('x-ratelimit-reset')], ['0', String(Date.parse('2026-11-21T09:01:00Z') / 1000)]);
});

// The log, leaks, the process ---------------------------------------------------------------------------------------

test('the log has every request, without its credentials', async () => {
  await ask('GET', `${REPO}/issues?state=all`);
  const [entry] = github.log;
  assert.deepEqual([entry?.method, entry?.path, entry?.status, entry?.by, entry?.headers.authorization], ['GET', `/api/v3${REPO}/issues?state=all`, 200, 'github-actions[bot]', undefined]);
});

test('a secret is found in a request, in state and in git objects', async () => {
  await ask('GET', `${REPO}/issues`);
  await git(['clone', '-q', `${github.url}/${NAME}`, 'clone']);
  assert.deepEqual(github.leaks(), []);
  await ask('POST', `${REPO}/issues`, { title: 'x', body: `see ${TOKEN}` });
  await ask('GET', `${REPO}/issues?token=${TOKEN}`);
  await git(['-C', 'clone', 'commit', '-q', '--allow-empty', '-m', Buffer.from(`x-access-token:${TOKEN}`).toString('base64')]);
  await git(['-C', 'clone', 'push', '-q', 'origin', 'HEAD:main']);
  const found = github.leaks().join('\n');
  for (const place of ['state', 'body', 'address', 'objects of acme/inventory']) assert.match(found, new RegExp(place));
  assert.ok(!found.includes(TOKEN));
});

test('what is done in the same order at the same times has the same ids', async () => {
  const other = await start({ clock: '2026-11-21T09:00:00Z' });
  const commits = [github, other].map(({ world, people }) => {
    world.repository('acme/twin', { files: { a: 'b' } });
    return people.promotion('acme/twin', { base: 'main', files: { a: 'c' }, labels: ['x'] }).commit;
  });
  await other.stop();
  assert.equal(commits[0], commits[1]);
});

test('as a process it prints its URL, and people act over HTTP', async () => {
  const child = spawn(process.execPath, [new URL('./github/server.js', import.meta.url).pathname, '--root', path.join(scratch, 'root')], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const url = await new Promise((resolve) => child.stdout.once('data', (line) => resolve(String(line).trim())));
    /** @returns {Promise<any>} */
    const act = async (/** @type {string} */ verb, /** @type {unknown[]} */ ...words) => {
      const response = await fetch(`${url}/_fake/${verb}`, { method: 'POST', body: JSON.stringify(words) });
      assert.equal(response.status, 200, await response.clone().text());
      return response.json();
    };
    await act('clock', '2026-11-21T09:00:00Z');
    await act('repository', NAME, { branch: 'prod', files: { a: '1' } });
    const made = await act('promotion', NAME, { base: 'prod', files: { a: '2' } });
    const { json } = await ask('GET', `${url}/api/v3${REPO}/commits/${made.commit}/pulls`);
    assert.equal(json[0].number, made.number);
    assert.equal((await act('log')).length, 1);
  } finally {
    child.kill();
  }
});
