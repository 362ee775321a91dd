// @ts-check
// Several jobs at the same time: one issue and one change request for each change, and no more.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { ended, Shop } from './flows/shop.js';

const THOROUGH = Boolean(process.env.COUNTERSIGN_THOROUGH);
/** Every region writes to the one branch of records: what they wait for each other grows with the square of their number. */
const MOST = 10;
const REGIONS = THOROUGH ? MOST : 3;

/** @type {Shop} */
let shop;
beforeEach(async () => void (shop = await Shop.open()));
afterEach(() => shop.close());

test('two jobs of one change file one issue, and one of them goes on', async () => {
  shop.promote();
  const both = await Promise.all([shop.job({ runId: 1, speed: 1 }).open(), shop.job({ runId: 2, speed: 1 }).open()]);
  const said = both.map(({ exitCode, log }) => `${exitCode}: ${log}`).join('\n\n');
  assert.equal(shop.issues.length, 1, said);
  assert.equal(shop.changes.length, 1, said);
  // Each is cleared, or steps back because the other holds the change.
  assert.ok(both.every(({ exitCode }) => exitCode === 0 || exitCode === 16), said);
  assert.ok(both.some(({ exitCode }) => exitCode === 0), said);
  assert.equal(shop.events().filter(({ event }) => event === 'filed').length, 1);
  const last = shop.job({ runId: 3 });
  ended(await last.open(), { exitCode: 0, outcome: 'cleared' });
  ended(await last.close({ deploy: 'success', acceptance: 'success' }), { exitCode: 0, outcome: 'done' });
});

test('a job whose other half is deploying does not deploy as well', async () => {
  shop.promote();
  const [one, other] = [shop.job({ runId: 1, speed: 1 }), shop.job({ runId: 2, speed: 1 })];
  ended(await one.open(), { exitCode: 0, outcome: 'cleared' });
  const closed = await Promise.all([one, other].map(({ close }) => close({ deploy: 'success', acceptance: 'success' })));
  const said = closed.map(({ exitCode, log }) => `${exitCode}: ${log}`).join('\n\n');
  assert.ok(closed.every(({ exitCode }) => exitCode === 0 || exitCode === 16), said);
  assert.ok(closed.some(({ exitCode }) => exitCode === 0), said);
  assert.equal(shop.events().filter(({ event, step }) => event === 'ran' && step === 'deploy').length, 1);
});

test(`a matrix of ${REGIONS} regions files ${REGIONS} issues`, async () => {
  const { commit } = shop.promote();
  const regions = Array.from({ length: REGIONS }, (_, at) => `region-${at + 1}`);
  const jobs = regions.map((region, at) => shop.job({ region, runId: 100 + at, speed: 1 }));
  const opened = await Promise.all(jobs.map(({ job, common }) => job.action('open', { inputs: common, limit: 600_000 })));
  for (const result of opened) ended(result, { exitCode: 0, outcome: 'cleared' });
  const closed = await Promise.all(jobs.map(({ job, common }) => job.action('close', { inputs: { ...common, deploy: 'success', acceptance: 'success' }, limit: 600_000 })));
  for (const result of closed) ended(result, { exitCode: 0, outcome: 'done' });
  const { log } = shop.github;
  const pushes = log.filter(({ method, path }) => method === 'POST' && path.endsWith('git-receive-pack')).length;
  if (REGIONS < MOST) console.log(`left to --thorough: regions of one change at once: ${REGIONS} of ${MOST}`);
  console.log(`${REGIONS} regions: ${log.length} requests, ${pushes} pushes`);
  assert.equal(new Set(opened.map(({ outputs }) => outputs['change-request-id'])).size, REGIONS);
  assert.equal(shop.issues.length, REGIONS);
  assert.deepEqual(regions.map((region) => shop.pointer(`${region}_prod_latest`)), regions.map(() => commit));
});
