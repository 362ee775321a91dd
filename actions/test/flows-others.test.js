// @ts-check
// What surrounds the standard change: evidence from CI, the assessment of an open promotion, a full rollback, the last look.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { BOM, CHECKS, ended, REPO, Shop, TESTS } from './flows/shop.js';

/** @type {Shop} */
let shop;
beforeEach(async () => void (shop = await Shop.open()));
afterEach(() => shop.close());

const PASSED = { deploy: 'success', acceptance: 'success' };

test('ev1_a gate in ten lines: the root action opens what CI recorded', async () => {
  const { image } = shop.promote();
  const { job } = shop.job({ missing: [...CHECKS] });
  const given = (/** @type {string} */ name, /** @type {string} */ text) => {
    fs.writeFileSync(path.join(job.github.workspace, name), text);
    return name;
  };
  const [tests, bom] = [given('tests.xml', TESTS), given('bom.cdx.json', BOM)];
  for (const check of CHECKS) {
    /** @type {Record<string, string>} */
    const file = check === 'sbom' ? { file: bom } : check.endsWith('-tests') ? { file: tests } : {};
    const recorded = await job.action('evidence', { inputs: { check, image, run: 'ci-1', outcome: 'success', ...file } });
    ended(recorded, { exitCode: 0, outcome: 'success' });
    assert.ok(fs.existsSync(path.join(job.github.workspace, recorded.outputs.record ?? '')), recorded.outputs.record);
  }
  const opened = await job.action('.', { inputs: { environment: 'prod', purpose: 'production', evidence: 'evidence' } });
  ended(opened, { exitCode: 0, outcome: 'cleared', 'deployment-ready': 'true' });
});

test('ev5_evidence that cannot be read is refused, and recorded as a failure only', async () => {
  const { image } = shop.promote();
  const { job } = shop.job();
  fs.writeFileSync(path.join(job.github.workspace, 'broken.xml'), '<testsuite><testcase');
  const about = { check: 'unit-tests', image, run: 'ci-1', file: 'broken.xml', into: 'new' };
  for (const outcome of /** @type {Record<string, string>[]} */ ([{}, { outcome: 'success' }])) {
    const refused = await job.action('evidence', { inputs: { ...about, ...outcome } });
    ended(refused, { exitCode: 2 });
    assert.match(refused.log, /the report cannot be read.*\nbroken\.xml, line 1/);
    assert.ok(!fs.existsSync(path.join(job.github.workspace, 'new')), 'nothing is half-written');
  }
  ended(await job.action('evidence', { inputs: { ...about, into: '.', outcome: 'failure' } }), { exitCode: 0, outcome: 'failure' });
});

test('ev1_ev3_a check of an entry is recorded beside what was recorded of it before', async () => {
  shop.promote();
  const { job } = shop.job();
  const about = { check: 'unit-tests', entry: 'shop/api', branch: 'prod', into: './new' };
  const record = (/** @type {Record<string, string>} */ inputs) => job.action('evidence', { inputs: { ...about, ...inputs } });
  const read = (/** @type {string} */ file) => fs.readFileSync(path.join(job.github.workspace, file), 'utf8');
  fs.writeFileSync(path.join(job.github.workspace, 'tests [1].xml'), TESTS);
  const first = await record({ file: 'tests [1].xml' });
  ended(first, { exitCode: 0, outcome: 'success', record: 'new/shop/api/unit-tests.junit.json', report: 'new/shop/api/unit-tests.junit.report.xml' });
  assert.equal(read('new/shop/api/unit-tests.junit.report.xml'), TESTS);
  const { run, attempt, assets } = JSON.parse(read('new/shop/api/unit-tests.junit.json'));
  assert.deepEqual([run, attempt, assets], ['ci-1', 1, [{ kind: 'image', digest: shop.build(1).image }]]);
  ended(await record({ outcome: 'cancelled', tool: 'junit' }), { exitCode: 0, outcome: 'failure', record: 'new/shop/api/unit-tests.junit.2.json', report: '' });
  for (const [inputs, words] of /** @type {[Record<string, string>, RegExp][]} */ ([
    [{}, /nothing says how the check ended/],
    [{ file: 'none.xml' }, /there is no file `none\.xml`/],
    [{ outcome: 'success', uri: 'x' }, /about several things/],
    [{ outcome: 'success', entry: '' }, /about nothing/],
    [{ outcome: 'success', entry: '', commit: 'main' }, /`main` is not a commit/],
    [{ outcome: 'success', entry: 'shop/web' }, /the inventory has no entry `shop\/web`/],
    [{ outcome: 'success', branch: 'nowhere' }, /nowhere/],
  ])) {
    const refused = await record(inputs);
    ended(refused, { exitCode: 2 });
    assert.match(refused.log, words);
  }
});

test('an open promotion is assessed in one comment that updates itself', async () => {
  const { number, head } = shop.promote({ merge: false, reviews: ['peer'] });
  shop.github.people.comment(REPO, number, 'looks good', { by: 'peer' });
  const event = { eventName: 'pull_request', event: { pull_request: { number } }, sha: head, ref: `refs/pull/${number}/head` };
  const comments = () => shop.github.world.found(REPO).comments.filter(({ body }) => body.includes('countersign assessment'));
  const assess = (/** @type {string[]} */ missing, /** @type {Record<string, string>} */ inputs = {}) => {
    const { job, common } = shop.job({ missing, event });
    return job.action('assess', { inputs: { ...common, ...inputs } });
  };

  ended(await assess(['unit-tests']), { exitCode: 0, outcome: 'not-ready', 'exit-code': '11', 'deployment-ready': 'false' });
  assert.equal(comments().length, 1);
  assert.match(comments()[0]?.body ?? '', /no evidence of <code>unit-tests<\/code>/);
  ended(await assess(['unit-tests'], { fail: 'true' }), { exitCode: 11, outcome: 'not-ready' });

  // Somebody who copies the marker is left alone.
  const copied = comments()[0]?.body ?? '';
  shop.github.people.comment(REPO, number, copied, { by: 'peer' });
  ended(await assess([]), { exitCode: 0, outcome: 'ready', 'deployment-ready': 'true' });
  assert.equal(comments().length, 2);
  assert.doesNotMatch(comments()[0]?.body ?? '', /no evidence/);
  assert.equal(comments()[1]?.body, copied);
  ended(await assess([], { comment: 'false' }), { exitCode: 0, outcome: 'ready' });
  assert.deepEqual([shop.issues, shop.changes], [[], []], 'nothing is recorded');
});

test('fr1_fr3_a full rollback restores what an earlier change deployed', async () => {
  const first = shop.promote();
  const one = shop.job();
  const opened = await one.open();
  ended(opened, { exitCode: 0, outcome: 'cleared' });
  ended(await one.close(PASSED), { exitCode: 0, outcome: 'done' });
  shop.promote();
  const two = shop.job({ runId: 7002 });
  ended(await two.open(), { exitCode: 0, outcome: 'cleared' });
  ended(await two.close(PASSED), { exitCode: 0, outcome: 'done' });

  const id = { 'rollback-change-request-id': opened.outputs['change-request-id'] ?? '' };
  const back = shop.job({ runId: 7003 });
  const restored = await back.action('rollback', { ...back.common, ...id });
  ended(restored, { exitCode: 0, outcome: 'cleared' });
  ended(await back.close(PASSED, id), { exitCode: 0, outcome: 'done' });
  assert.equal(shop.pointer(), first.commit);
  assert.equal(shop.issues.length, 3);
  assert.ok(shop.issues[2]?.body?.includes(String(id['rollback-change-request-id'])), shop.issues[2]?.body ?? '');

  const wrong = shop.job({ runId: 7004 });
  const refused = await wrong.action('rollback', { ...wrong.common, 'rollback-change-request-id': 'CR-none' });
  ended(refused, { exitCode: 2, outcome: 'refused' });
  assert.equal(shop.issues.length, 3);
});

test('in6_environments that differ are told entry by entry', async () => {
  shop.promote();
  shop.github.world.commit(REPO, { branch: 'dev', from: 'prod', files: {}, message: 'as prod', by: 'author' });
  const { job } = shop.job();
  const reconcile = (/** @type {Record<string, string>} */ inputs = {}) => job.action('reconcile', { inputs: { environments: 'dev\nprod', ...inputs } });
  ended(await reconcile({ fail: 'true' }), { exitCode: 0, count: '0', same: '1', differing: '{}' });
  shop.promote();
  const differing = await reconcile();
  ended(differing, { exitCode: 0, count: '1', same: '0' });
  const versions = JSON.parse(differing.outputs.differing ?? '')['shop/api'];
  assert.deepEqual(versions.map((/** @type {any} */ { version }) => version), ['1.0.1', '1.0.2']);
  assert.match(differing.summary ?? '', /1\.0\.1.*1\.0\.2/s);
  ended(await reconcile({ fail: 'true' }), { exitCode: 1, count: '1' });
  ended(await job.action('reconcile', { inputs: { environments: 'dev\nnowhere' } }), { exitCode: 2 });
});

test('em4_what an emergency owes turns red when it is overdue', async () => {
  shop.promote({ labels: [{ name: 'EMERGENCY', by: 'oncall' }] });
  const { open, close } = shop.job({ missing: ['unit-tests'] });
  ended(await open(), { exitCode: 0, outcome: 'cleared' });
  ended(await close(PASSED), { exitCode: 0, outcome: 'done' });
  ended(await shop.job().action('obligations'), { exitCode: 0, overdue: '0' });
  ended(await shop.job().action('obligations', { environment: 'prod' }), { exitCode: 0, open: '5' });
  ended(await shop.job().action('obligations', { environment: 'produ' }), { exitCode: 2 });
  shop.github.clock.advance(60 * 24 * 60 * 60);
  const late = await shop.job().action('obligations');
  ended(late, { exitCode: 41, overdue: late.outputs.open });
  assert.ok(late.annotations.some(({ type }) => type === 'error'), JSON.stringify(late.annotations));
});

test('rd2_the reviews of what is deployed are read from its own repository', async () => {
  const api = 'shop/api';
  shop.github.world.repository(api, { files: { 'main.rs': 'fn main() {}\n' }, by: 'author' });
  const review = (/** @type {string[]} */ reviews) =>
    shop.github.people.promotion(api, { base: 'main', files: { 'main.rs': `// ${reviews.length}\n` }, by: 'author', reviews, merge: { by: 'merger' } }).commit ?? '';
  const ready = async (/** @type {string} */ commit) => {
    shop.promote({ entry: { commit_sha: commit, repository_url: `${shop.github.url}/${api}` } });
    const { job, common } = shop.job({ missing: ['peer-review'] });
    const assessed = await job.action('assess', { inputs: { ...common, 'peer-review': 'true' } });
    return [assessed.outputs['deployment-ready'], assessed.outputs.reasons?.includes('peer-review')];
  };
  assert.deepEqual(await ready(review([])), ['false', true]);
  assert.deepEqual(await ready(review(['peer'])), ['true', false]);
});
