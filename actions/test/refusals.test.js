// @ts-check
// What a first-time user gets wrong: what is told, how it ends, and that nothing of it is written anywhere.

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { ended, REPO, Shop } from './flows/shop.js';

/** @type {Shop} */
let shop;
beforeEach(async () => void (shop = await Shop.open()));
afterEach(() => shop.close());

const PASSED = { deploy: 'success', acceptance: 'success' };

/** @param {import('./runner.js').Result} result @param {RegExp} what @param {RegExp} help @param {number} [exitCode] */
function refused(result, what, help, exitCode = 2) {
  ended(result, { exitCode, ...('outcome' in result.outputs ? { outcome: 'refused', verdict: 'halt' } : {}) });
  const [first] = result.annotations;
  assert.match(first?.message ?? '', what);
  assert.match((first?.message ?? '').split('help: ')[1] ?? '', help);
}

test('an input that is wrong is refused by its name, and nothing is written', async () => {
  shop.promote();
  const { open } = shop.job();
  refused(await open({ policy: 'nowhere.yaml' }), /there is no policy `nowhere.yaml`/, /path of an existing file/);
  refused(await open({ evidence: 'nowhere' }), /the input `evidence`, cannot be read: there is no such file/, /workspace/);
  refused(await open({ environment: 'prod; rm -rf /' }), /the input `environment` is `prod; rm -rf \/`/, /letters/);
  refused(await open({ region: '../x' }), /the input `region` is `..\/x`/, /letters/);
  refused(await open({ 'change-request-id': '#2' }), /the input `change-request-id` is `#2`/, /title of its issue/);
  refused(await open({ branch: 'main' }), /no pull request into `main` was merged as commit/, /merging a pull request/);
  refused(await shop.job().action('reconcile', { environments: 'prod, prod' }), /`environments` names fewer than two/, /one a line/);
  assert.deepEqual([shop.issues, shop.changes], [[], []]);
});

test('a file of the inventory that is no entry is told from an entry that is wrong', async () => {
  const { entry } = shop.build(1);
  shop.promote({ files: { 'shop/api': JSON.stringify(entry), 'deploy.sh': '#!/bin/sh\n' } });
  refused(await shop.job().open(), /this is no entry of an inventory: .*\ndeploy.sh, line 1/, /a hidden folder such as `.deploy`/);
});

test('what nobody recorded is not what nobody owes', async () => {
  shop.promote();
  refused(await shop.job().action('obligations', { 'records-branch': 'countersing' }), /has no branch `countersing`/, /`records-branch`/);
});

test('a deployment that was not cleared is not recorded as one', async () => {
  shop.promote();
  const never = shop.job();
  refused(await never.close(PASSED), /a deployment of commit [0-9a-f]{40} is reported that was not cleared/, /`open`/);
  assert.deepEqual([shop.issues, shop.pointer()], [[], undefined]);
  const held = shop.job({ missing: ['unit-tests'] });
  ended(await held.open(), { exitCode: 10, outcome: 'awaiting-approval' });
  refused(await held.close(PASSED), /not cleared: its change is in the state `authorize`/, /`open`/);
  assert.equal(shop.pointer(), undefined);
});

test('a promotion that was merged after the gate opened is not what was deployed', async () => {
  const cleared = shop.promote().commit;
  const { job, open, close } = shop.job({ inputs: { branch: 'prod' } });
  const opened = await open();
  ended(opened, { exitCode: 0, outcome: 'cleared', commit: cleared });
  const later = shop.promote().commit;
  shop.evidence(path.join(job.github.workspace, 'evidence'), []);
  refused(await close(PASSED), new RegExp(`a deployment of commit ${later} is reported that was not cleared`), /with the commit/);
  ended(await close({ ...PASSED, commit: opened.outputs.commit ?? '' }), { exitCode: 0, outcome: 'done', commit: cleared });
  assert.equal(shop.pointer(), cleared);
});

test('a log that is not there does not undo how the deployment ended', async () => {
  shop.promote();
  const { open, close } = shop.job();
  ended(await open(), { exitCode: 0, outcome: 'cleared' });
  const closed = await close({ ...PASSED, 'deploy-log': 'nowhere.log' });
  ended(closed, { exitCode: 0, outcome: 'done' });
  assert.ok(closed.annotations.some(({ type, message }) => type === 'warning' && message.includes('`nowhere.log`')), closed.log);
});

test('a missing permission is named', async () => {
  const grants = { 'issues: write': { contents: 'write', 'pull-requests': 'read' }, 'contents: write': { contents: 'read', issues: 'write', 'pull-requests': 'read' } };
  for (const [missing, granted] of Object.entries(grants)) {
    shop.promote();
    shop.github.world.token('ghs_little', 'github-actions[bot]', /** @type {any} */ (granted));
    const { exitCode, outputs, annotations } = await shop.job({ token: 'ghs_little' }).open();
    assert.deepEqual([exitCode, outputs.verdict === 'proceed'], [30, false]);
    assert.ok(annotations.some(({ message }) => message.includes(`\`${missing}\``)), missing);
  }
});

test('a records branch that is gone clears nothing', async () => {
  shop.promote();
  const { open, close } = shop.job();
  ended(await open(), { exitCode: 0, outcome: 'cleared' });
  rmSync(path.join(shop.github.root, `${REPO}.git/refs/heads/countersign`));
  refused(await close(PASSED), /not cleared: its change is in the state `new`/, /`open`/);
  assert.equal(shop.pointer(), undefined);
});
