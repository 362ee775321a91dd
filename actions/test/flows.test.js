// @ts-check
// Whole changes through the Actions, as a workflow makes them, row by row of the flow table.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ended, REPO, RUN, Shop, status } from './flows/shop.js';
import { nodes } from './runner.js';

/** @type {Shop} */
let shop;
beforeEach(async () => void (shop = await Shop.open()));
afterEach(() => shop.close());

const REVIEWED = { 'approval-environment': 'prod' };
const PASSED = { deploy: 'success', acceptance: 'success' };

/** Nothing secret is anywhere, and the fake was never at a loss. @param {Shop} shop */
function clean({ github, jobs }) {
  assert.deepEqual([...jobs.flatMap((job) => job.leaks([github.token])), ...github.leaks()], []);
  assert.deepEqual(github.log.filter((entry) => entry.status === 599).map(({ answer }) => String(answer)), []);
}

/** A column of the flow table, on every Node. @param {string} name @param {(node: string) => Promise<void>} body */
function column(name, body) {
  for (const { file, version } of nodes()) test(`${name}, on Node ${version}`, () => body(file));
}

column('a standard change is opened, deployed and closed', async (node) => {
  const { commit } = shop.promote();
  const { open, close } = shop.job({ node });
  const opened = await open();
  ended(opened, { exitCode: 0, outcome: 'cleared', verdict: 'proceed', 'deployment-ready': 'true' });
  assert.equal(opened.outputs['change-request-url'], `${shop.github.url}/${REPO}/issues/${shop.issue.number}`);
  assert.deepEqual(status(shop.issue), ['status_implement']);
  const closed = await close(PASSED);
  ended(closed, { exitCode: 0, outcome: 'done' });
  const files = `${shop.github.url}/${REPO}/blob/countersign/changes/${opened.outputs['change-request-id']}`;
  assert.match(closed.summary ?? '', new RegExp(`Attachments.*<a href="${files}/attachments/closing-summary.md">`, 's'));
  assert.deepEqual([shop.issue.state, status(shop.issue)], ['closed', ['status_closed']]);
  assert.match(shop.issue.body ?? '', /"close_category": "successful"/);
  assert.deepEqual(shop.attachments(), ['closing-summary', 'delta-summary', 'deployment-bom', 'merged-sbom']);
  assert.equal(shop.pointer(), commit);
  clean(shop);
});

test('a change that is not ready waits until a person approves it', async () => {
  shop.promote();
  const first = shop.job({ missing: ['unit-tests'] });
  const held = await first.open();
  ended(held, { exitCode: 10, outcome: 'awaiting-approval', verdict: 'hold', 'deployment-ready': 'false' });
  assert.ok(JSON.parse(held.outputs.reasons ?? '').some((/** @type {any} */ reason) => reason.blocking && reason.check === 'unit-tests'), held.outputs.reasons);
  assert.deepEqual(status(shop.issue), ['status_authorize']);
  shop.github.people.label(REPO, shop.issue.number, 'status_approved', { by: 'boss' });
  const again = shop.job({ missing: ['unit-tests'], attempt: 2 });
  ended(await again.open(), { exitCode: 0, outcome: 'cleared', 'deployment-ready': 'false' });
  ended(await again.close(PASSED), { exitCode: 0, outcome: 'done' });
  assert.match(shop.issue.body ?? '', /"close_category": "successful_issues"/);
  const approved = shop.events().find(({ event }) => event === 'observed' || event === 'approved');
  assert.ok(approved);
  clean(shop);
});

test('attestations are asked for where the entry says, and one that does not hold is no pass', async () => {
  const { url, people, log } = shop.github;
  const { image, entry } = shop.build(1);
  const words = '::error::stop <img src=x onerror=alert(1)> [x](javascript:alert(1)) @everyone';
  shop.promote({ files: { 'shop/api': JSON.stringify({ ...entry, repository_url: `${url}/${REPO}` }) } });
  const open = (/** @type {number} */ attempt) => shop.job({ missing: ['artifact-signature'], attempt }).open({ attestations: 'true' });
  const none = await open(1);
  ended(none, { exitCode: 10, outcome: 'awaiting-approval', 'deployment-ready': 'false' });
  assert.match(none.log, /the attestations of `shop\/api` cannot be read: `shop\/inventory` has no attestation of sha256:/);
  const asked = log.filter(({ path }) => path.includes('/attestations/'));
  assert.ok(asked.length > 0 && asked.every(({ path }) => path.includes(`/repos/${REPO}/attestations/${image}`)), JSON.stringify(asked));
  const bundle = { mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json', verificationMaterial: { certificate: { rawBytes: 'AAAA' }, tlogEntries: [] },
    dsseEnvelope: { payload: 'e30=', payloadType: words, signatures: [{ sig: 'AAAA' }] } };
  people.attest(REPO, image, bundle);
  const forged = await open(2);
  ended(forged, { exitCode: 10, outcome: 'awaiting-approval', 'deployment-ready': 'false' });
  const reasons = JSON.parse(forged.outputs.reasons ?? '');
  assert.ok(reasons.some((/** @type {any} */ reason) => reason.blocking && reason.source?.document === 'github/shop/api/attestations.jsonl'
    && reason.message.includes('the signature does not hold')), forged.outputs.reasons);
  assert.ok(reasons.some((/** @type {any} */ reason) => reason.blocking && reason.check === 'artifact-signature'), forged.outputs.reasons);
  assert.ok(!(forged.summary ?? '').includes('<img'), 'words of others do not act');
  clean(shop);
});

test('nobody who had a part in the change can approve it, and no machine can', async () => {
  shop.promote();
  ended(await shop.job({ missing: ['unit-tests'] }).open(), { exitCode: 10, outcome: 'awaiting-approval' });
  for (const [at, by] of ['author', 'merger', 'github-actions[bot]'].entries()) {
    shop.github.people.label(REPO, shop.issue.number, 'status_approved', { by });
    const { exitCode, outputs, log } = await shop.job({ missing: ['unit-tests'], attempt: at + 2 }).open();
    assert.ok([10, 15].includes(exitCode ?? 0), `${by}: ${exitCode} ${log}`);
    assert.notEqual(outputs.verdict, 'proceed');
    shop.github.people.unlabel(REPO, shop.issue.number, 'status_approved', { by });
  }
  shop.github.people.label(REPO, shop.issue.number, 'status_approved', { by: 'boss' });
  ended(await shop.job({ missing: ['unit-tests'], attempt: 9 }).open(), { exitCode: 0, outcome: 'cleared' });
});

for (const { way, before } of [
  { way: 'a job that waits for its environment goes on where the gate held', before: false },
  { way: 'a held job that is run again is reviewed again', before: true },
]) {
  test(`a change is approved by a protected environment: ${way}`, async () => {
    shop.promote();
    // The review in front of the job comes before people are asked, and says nothing about the change.
    if (before) shop.github.people.approveRun(REPO, RUN, { environment: 'prod', by: 'boss' });
    ended(await shop.job({ missing: ['unit-tests'] }).open(REVIEWED), { exitCode: 10, outcome: 'awaiting-approval' });
    assert.match(shop.issue.body ?? '', /a review of the environment `prod`/);
    const attempt = before ? 2 : 1;
    ended(await shop.job({ missing: ['unit-tests'], attempt }).open(REVIEWED), { exitCode: 10, outcome: 'awaiting-approval' });
    shop.github.people.approveRun(REPO, RUN, { environment: 'prod', by: 'boss' });
    const again = shop.job({ missing: ['unit-tests'], attempt });
    ended(await again.open(REVIEWED), { exitCode: 0, outcome: 'cleared', 'deployment-ready': 'false' });
    ended(await again.close(PASSED), { exitCode: 0, outcome: 'done' });
    clean(shop);
  });
}

test('a reviewer who rejects the deployment rejects the change', async () => {
  shop.promote();
  ended(await shop.job({ missing: ['unit-tests'] }).open(REVIEWED), { exitCode: 10, outcome: 'awaiting-approval' });
  shop.github.people.approveRun(REPO, RUN, { environment: 'prod', by: 'boss', state: 'rejected', comment: 'not on a Friday' });
  const refused = await shop.job({ missing: ['unit-tests'], attempt: 2 }).open(REVIEWED);
  ended(refused, { exitCode: 12, outcome: 'rejected', verdict: 'halt' });
  assert.match(refused.log, /not on a Friday/);
});

test('a token that may not read reviews is told which permission it lacks', async () => {
  shop.promote();
  const permissions = /** @type {const} */ ({ contents: 'write', issues: 'write', 'pull-requests': 'read' });
  shop.github.world.token('narrow', 'github-actions[bot]', permissions);
  const held = await shop.job({ missing: ['unit-tests'], token: 'narrow' }).open(REVIEWED);
  ended(held, { exitCode: 30, outcome: 'unavailable', verdict: 'hold' });
  assert.match(held.log, /`actions: read`/);
});

for (const word of /** @type {const} */ (['label', 'close'])) {
  test(`a change is rejected by ${word === 'label' ? 'a label' : 'closing its issue'}`, async () => {
    shop.promote();
    ended(await shop.job({ missing: ['unit-tests'] }).open(), { exitCode: 10, outcome: 'awaiting-approval' });
    if (word === 'label') shop.github.people.label(REPO, shop.issue.number, 'status_rejected', { by: 'boss' });
    else shop.github.people.close(REPO, shop.issue.number, { by: 'boss' });
    const refused = await shop.job({ missing: ['unit-tests'], attempt: 2 }).open();
    ended(refused, { exitCode: 12, outcome: 'rejected', verdict: 'halt' });
    clean(shop);
  });
}

test('a bounded wait sees the approval', async () => {
  shop.promote();
  const { open } = shop.job({ missing: ['unit-tests'] });
  const seen = shop.github.when(({ method, path }) => method === 'GET' && path.includes('/timeline') && shop.issues.length > 0, 4);
  const opened = open({ wait: '3600', 'wait-interval': '600' });
  await seen;
  shop.github.people.label(REPO, shop.issue.number, 'status_approved', { by: 'boss' });
  ended(await opened, { exitCode: 0, outcome: 'cleared' });
});

column('a failed deployment is rolled back, and its change request stays open', async (node) => {
  shop.promote();
  const { job, open, close } = shop.job({ node });
  ended(await open(), { exitCode: 0, outcome: 'cleared' });
  fs.writeFileSync(path.join(job.github.workspace, 'deploy.log'), `deploying with ${shop.github.token}\n::error::not a command\n`);
  fs.writeFileSync(path.join(job.github.workspace, 'rollback.log'), 'back to what was before\n');
  const closed = await close({ deploy: 'failure', 'deploy-log': 'deploy.log', rollback: 'success', 'rollback-log': 'rollback.log' });
  ended(closed, { exitCode: 21, outcome: 'rolled-back', verdict: 'halt' });
  assert.equal(shop.issue.state, 'open');
  assert.match(shop.issue.body ?? '', /"close_category": "unsuccessful"/);
  assert.deepEqual(shop.attachments(), ['closing-summary', 'delta-summary', 'deployment-bom', 'merged-sbom', 'rollback']);
  assert.equal(shop.pointer(), undefined);
  assert.deepEqual(shop.github.leaks(), []);
});

test('failed acceptance tests, a failed rollback, and no result are told apart', async () => {
  /** @type {[Record<string, string>, number][]} */
  const ways = [
    [{ deploy: 'success', acceptance: 'failure' }, 20],
    [{ deploy: 'failure', rollback: 'failure' }, 22],
    [{ deploy: 'cancelled' }, 20],
  ];
  for (const [said, exitCode] of ways) {
    const { commit } = shop.promote();
    const { open, close } = shop.job({ sha: commit });
    ended(await open(), { exitCode: 0, outcome: 'cleared' });
    ended(await close(said), { exitCode, verdict: 'halt' });
  }
  const notes = shop.changes.flatMap((id) => shop.events(id)).map(({ note }) => note);
  assert.deepEqual(notes.filter(Boolean), ['it was cancelled']);
  assert.deepEqual(shop.issues.map(({ state }) => state), ['open', 'open', 'open']);
});

column('an emergency is deployed at once, and owes what it skipped', async (node) => {
  const { commit } = shop.promote({ labels: [{ name: 'EMERGENCY', by: 'oncall' }] });
  const { open, close } = shop.job({ node, missing: ['unit-tests', 'static-analysis'] });
  ended(await open(), { exitCode: 0, outcome: 'cleared', 'deployment-ready': 'false' });
  const closed = await close(PASSED);
  ended(closed, { exitCode: 0, outcome: 'done' });
  assert.match(closed.summary ?? '', /Obligations.*<code>gap-unit-tests<\/code>/s);
  assert.match(shop.issue.body ?? '', /"kind": "emergency"[^]*"close_category": "successful_issues"/);
  assert.deepEqual(shop.attachments(), ['closing-summary', 'delta-summary', 'deployment-bom', 'merged-sbom']);
  assert.equal(shop.pointer(), commit);
  assert.ok(shop.events().some(({ event }) => event === 'obliged'));
  const owed = await shop.job().action('obligations');
  assert.deepEqual([owed.exitCode, owed.outputs.open, owed.outputs.overdue], [0, '6', '0']);
  clean(shop);
});

test('nothing is deployed twice', async () => {
  shop.promote();
  const { open, close } = shop.job();
  ended(await open(), { exitCode: 0, outcome: 'cleared' });
  ended(await close(PASSED), { exitCode: 0, outcome: 'done' });
  ended(await shop.job({ runId: 7002 }).open(), { exitCode: 0, outcome: 'nothing-to-deploy' });
  assert.equal(shop.issues.length, 1);
});

test('a workflow that is run again continues its change', async () => {
  shop.promote();
  ended(await shop.job().open(), { exitCode: 0, outcome: 'cleared' });
  const again = shop.job({ attempt: 2 });
  ended(await again.open(), { exitCode: 0, outcome: 'cleared' });
  ended(await again.close(PASSED), { exitCode: 0, outcome: 'done' });
  ended(await shop.job({ attempt: 3 }).open(), { exitCode: 0 });
  assert.equal(shop.issues.length, 1);
  assert.equal(shop.changes.length, 1);
});

test('a skipped deployment closes nothing', async () => {
  shop.promote();
  const { open, close } = shop.job();
  ended(await open(), { exitCode: 0, outcome: 'cleared' });
  const { exitCode } = await close({ deploy: 'skipped' });
  assert.notEqual(exitCode, 0);
  assert.equal(shop.issue.state, 'open');
});

test('po6_an environment that the policy declares needs no purpose, and takes no other', async () => {
  shop.promote();
  const policy = 'version: 1\nenvironments:\n  prod: {purpose: production, detail: "The shop, for everybody"}\n';
  const { job, common } = shop.job({ policy });
  const { purpose, detail, ...inputs } = common;
  ended(await job.action('assess', { inputs: { ...inputs, purpose: 'pre_prod' } }), { exitCode: 2, outcome: 'refused' });
  ended(await job.action('open', { inputs }), { exitCode: 0, outcome: 'cleared' });
  assert.match(shop.issue.body ?? '', /The shop, for everybody/);
});

test('what a run reads of git it asks for once', async () => {
  shop.promote();
  const { log } = shop.github;
  const reads = async (/** @type {() => Promise<any>} */ act) => {
    const before = log.length;
    assert.equal((await act()).exitCode, 0);
    return log.slice(before).filter(({ path }) => path.includes('git-upload-pack')).length;
  };
  const { open, close } = shop.job();
  // Two to list branches and tags.
  assert.equal(await reads(open), 2);
  // Two more for the tip of the records, two for the files of the target, two for those of the change. What the run wrote itself it knows.
  assert.equal(await reads(() => close(PASSED)), 8);
});

for (const kind of ['github', 'ledger']) {
  test(`changes kept in another repository, as ${kind === 'github' ? 'issues' : 'files alone'}, are about promotions of the inventory`, async () => {
    const changes = 'shop/changes';
    shop.github.world.repository(changes, { files: { 'README.md': 'the changes of the shop\n' }, by: 'author' });
    const { commit } = shop.promote();
    const { open, close } = shop.job({ inputs: { repository: changes, 'change-system': kind } });
    const opened = await open();
    ended(opened, { exitCode: 0, outcome: 'cleared' });
    ended(await close(PASSED), { exitCode: 0, outcome: 'done' });
    const folder = `tree/countersign/changes/${opened.outputs['change-request-id']}`;
    assert.equal(opened.outputs['change-request-url'], `${shop.github.url}/${changes}/${kind === 'ledger' ? folder : 'issues/1'}`);
    const files = shop.github.world.bare(changes).files('countersign');
    assert.ok(files.some((file) => file.endsWith('/journal.jsonl')), files.join(', '));
    assert.equal(shop.github.world.found(changes).issues.length, kind === 'ledger' ? 0 : 1);
    assert.deepEqual([shop.issues, shop.pointer()], [[], commit]);
    clean(shop);
  });
}
