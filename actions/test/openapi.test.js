// @ts-check
// The fake's requests and answers are GitHub's: its published OpenAPI description stands in between and says so.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { start } from './github/server.js';
import { ended, Shop } from './flows/shop.js';
import { startProxy } from './openapi/proxy.js';

const REPO = '/repos/acme/inventory';
const RUN = 7001;
const DIGEST = `sha256:${'ab'.repeat(32)}`;

/** @type {import('./github/server.js').GitHub} */
let github;
/** @type {Awaited<ReturnType<typeof startProxy>> | undefined} */
let proxy;
/** @type {string | undefined} */
let absent;

before(async () => {
  github = await start({ clock: '2026-11-21T09:00:00Z', links: 'name' });
  try {
    proxy = await startProxy(github.apiUrl);
  } catch (problem) {
    if (process.env.CI) throw problem;
    absent = `no OpenAPI proxy here: ${/** @type {Error} */ (problem).message}`;
  }
});
after(async () => {
  await proxy?.stop();
  await github.stop();
});

/** @param {string} method @param {string} path @param {unknown} [body] @param {Record<string, string>} [headers] */
async function ask(method, path, body, headers = {}) {
  const response = await fetch(`${proxy?.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${github.token}`, accept: 'application/vnd.github+json', 'content-type': 'application/json', 'user-agent': 'test', 'x-github-api-version': '2022-11-28', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, violations: response.headers.get('sl-violations') };
}

/** A world in which every endpoint has something to say. */
function promotion() {
  const { world: all, people } = github;
  all.user('acme', { type: 'Organization' });
  all.repository('acme/inventory', { files: { 'app.json': '{"version":1}', old: 'text\n'.repeat(20) } });
  all.commit('acme/inventory', { branch: 'prod', from: 'main', files: { 'env.json': '{}' }, by: 'alice' });
  all.team('acme', 'security', ['carol', 'dave']);
  const labels = [{ name: 'EMERGENCY', by: 'erin' }];
  const reviews = [{ by: 'carol' }, { by: 'dave', state: 'CHANGES_REQUESTED', body: 'no' }];
  const made = people.promotion('acme/inventory', { base: 'prod', files: { 'app.json': '{"version":2}', old: null, 'dir/new': 'text\n'.repeat(20) }, labels, reviews });
  people.promotion('acme/inventory', { base: 'prod', files: { x: 'y' }, merge: false, body: null });
  people.comment('acme/inventory', 1, 'a comment', { by: 'erin' });
  people.dismissReview('acme/inventory', 1, 6000002, { by: 'erin' });
  people.approveRun('acme/inventory', RUN, { environment: 'production', by: 'erin' });
  people.attest('acme/inventory', DIGEST, { mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json', verificationMaterial: {}, dsseEnvelope: {} });
  all.forget('dave');
  return made;
}

/** One request for every endpoint, and what it is answered with. @param {string | undefined} commit @returns {[string, string, unknown, number][]} */
function requests(commit) {
  const issue = { title: 'CR-1', body: 'text', labels: ['countersign', 'status_new'], assignees: ['carol'] };
  return [
    ['GET', REPO, undefined, 200],
    ['GET', `${REPO}/commits/${commit}/pulls`, undefined, 200],
    ['GET', `${REPO}/pulls?state=all&base=prod&sort=updated&direction=desc&per_page=1`, undefined, 200],
    ['GET', `${REPO}/pulls/1`, undefined, 200],
    ['GET', `${REPO}/pulls/2`, undefined, 200],
    ['GET', `${REPO}/pulls/1/reviews?per_page=100`, undefined, 200],
    ['GET', `${REPO}/pulls/1/commits?per_page=100`, undefined, 200],
    ['GET', `${REPO}/pulls/1/files?per_page=100`, undefined, 200],
    ['GET', `${REPO}/compare/main...prod?per_page=100`, undefined, 200],
    ['POST', `${REPO}/issues`, issue, 201],
    ['PATCH', `${REPO}/issues/3`, { title: 'CR-1 renamed', state: 'closed', state_reason: 'not_planned', assignees: [] }, 200],
    ['PATCH', `${REPO}/issues/3`, { state: 'open', labels: ['status_authorize'] }, 200],
    ['GET', `${REPO}/issues?state=all&labels=status_authorize&sort=created&direction=asc&per_page=100&page=1`, undefined, 200],
    ['GET', `${REPO}/issues?state=all`, undefined, 200],
    ['GET', `${REPO}/issues/3`, undefined, 200],
    ['GET', `${REPO}/issues/1`, undefined, 200],
    ['POST', `${REPO}/issues/3/labels`, { labels: ['status_approved'] }, 200],
    ['GET', `${REPO}/issues/3/labels?per_page=100`, undefined, 200],
    ['DELETE', `${REPO}/issues/3/labels/status_approved`, undefined, 200],
    ['POST', `${REPO}/issues/3/comments`, { body: 'hello' }, 201],
    ['GET', `${REPO}/issues/3/comments?per_page=100`, undefined, 200],
    ['PATCH', `${REPO}/issues/comments/5000002`, { body: 'hello again' }, 200],
    ['GET', `${REPO}/issues/3/timeline?per_page=100`, undefined, 200],
    ['GET', `${REPO}/issues/1/timeline?per_page=100`, undefined, 200],
    ['GET', `${REPO}/labels?per_page=100`, undefined, 200],
    ['POST', `${REPO}/labels`, { name: 'status_closed', color: '0e8a16', description: 'done' }, 201],
    ['GET', `${REPO}/labels/status_closed`, undefined, 200],
    ['PATCH', `${REPO}/labels/status_closed`, { color: '000000' }, 200],
    ['POST', `${REPO}/git/refs`, { ref: 'refs/countersign/claims/1', sha: commit }, 201],
    ['GET', `${REPO}/git/ref/heads%2Fprod`, undefined, 200],
    ['GET', `${REPO}/git/matching-refs/heads%2F`, undefined, 200],
    ['PATCH', `${REPO}/git/refs/heads%2Fmain`, { sha: commit, force: false }, 200],
    ['GET', '/orgs/acme/teams/security/members?per_page=100', undefined, 200],
    ['GET', `${REPO}/actions/runs/${RUN}`, undefined, 200],
    ['GET', `${REPO}/actions/runs/${RUN}/approvals`, undefined, 200],
    ['GET', `${REPO}/actions/runs/${RUN}/approvals?per_page=100&page=1`, undefined, 200],
    ['GET', `${REPO}/attestations/${DIGEST}?per_page=30`, undefined, 200],
    ['GET', `${REPO}/issues/99`, undefined, 404],
    ['GET', '/repos/acme/none', undefined, 404],
    ['POST', `${REPO}/issues/99/comments`, { body: 'x' }, 404],
    ['POST', `${REPO}/labels`, { name: 'status_closed' }, 422],
  ];
}

test('every endpoint of the fake answers as GitHub describes it', async (t) => {
  if (absent) return t.skip(absent);
  const all = requests(promotion().commit);
  const wrong = [];
  for (const [method, path, body, status] of all) {
    const answer = await ask(method, path, body);
    if (answer.status !== status || answer.violations) wrong.push(`${method} ${path}: ${answer.status} ${answer.violations ?? ''} ${answer.text.slice(0, 1500)}`);
  }
  assert.deepEqual(wrong, []);
  assert.equal(github.log.length, all.length, 'every request went through the proxy');
  console.log(`${all.length} requests and answers accepted by GitHub's OpenAPI description`);
});

test('a request that GitHub would refuse is refused by the proxy', async (t) => {
  if (absent) return t.skip(absent);
  /** @type {[string, string, unknown][]} */
  const bad = [
    ['POST', `${REPO}/issues`, { title: 'x', labels: 'x' }],
    ['POST', `${REPO}/issues`, { body: 'no title' }],
    ['PATCH', `${REPO}/issues/3`, { state: 'shut' }],
    ['POST', `${REPO}/issues/3/comments`, {}],
    ['POST', `${REPO}/git/refs`, { ref: 'refs/heads/x' }],
    ['POST', `${REPO}/issues/3/labels`, { labels: [1] }],
    ['GET', `${REPO}/issues?state=shut`, undefined],
    ['GET', `${REPO}/pulls?sort=newest`, undefined],
  ];
  const before = github.log.length;
  for (const [method, path, body] of bad) assert.equal((await ask(method, path, body)).status, 422, `${method} ${path} ${JSON.stringify(body)}`);
  assert.equal(github.log.length, before, 'none of them reached the fake');
});

test('an answer that lacks a field is not let through', async (t) => {
  if (absent) return t.skip(absent);
  // The description of a timeline lets nearly everything through; github.test.js looks at its fields.
  const reads = requests(undefined).filter(([method, path, , status]) => method === 'GET' && status === 200 && !path.includes('/timeline'));
  const missed = [];
  let refused = 0;
  for (const [, path] of reads) {
    for (const field of ['url', 'id', 'number', 'user', 'login', 'state', 'commit', 'status']) {
      let spoilt = false;
      github.rest.spoil = (body) => {
        const part = Array.isArray(body) ? body[0] : body;
        spoilt = Object.hasOwn(part, field);
        delete part[field];
        return body;
      };
      const { status } = await ask('GET', path);
      if (spoilt && status === 500) refused += 1;
      else if (spoilt) missed.push(`${path} without ${field}: ${status}`);
    }
  }
  github.rest.spoil = undefined;
  assert.deepEqual(missed, []);
  assert.ok(refused > 40, `${refused}`);
  console.log(`${refused} answers without a field refused`);
});

test('every request of a whole change through the Actions is one that GitHub describes', async (t) => {
  if (absent) return t.skip(absent);
  const shop = await Shop.open({ links: 'name' });
  const between = await startProxy(shop.github.apiUrl);
  try {
    shop.promote({ labels: [{ name: 'EMERGENCY', by: 'oncall' }] });
    const { open, close } = shop.job({ apiUrl: between.url, missing: ['unit-tests'], patience: 60 });
    ended(await open(), { exitCode: 0, outcome: 'cleared' });
    ended(await close({ deploy: 'success', acceptance: 'success' }), { exitCode: 0, outcome: 'done' });
    const asked = shop.github.log.filter(({ kind }) => kind === 'rest').length;
    // Whatever the description does not know, the proxy answers itself.
    assert.doesNotMatch(between.said(), /NO_PATH_MATCHED|UNPROCESSABLE|VIOLATIONS|Request did not pass/);
    assert.ok(asked > 20, `${asked}`);
    console.log(`${asked} requests of a whole change accepted by GitHub's OpenAPI description`);
  } finally {
    await between.stop();
    await shop.close();
  }
});
