// @ts-check
// GitHub misbehaves in the middle of whole changes: no second issue, no false approval, no green on a refusal, and the
// workflow, run again, ends where it would have ended.
//
// By default each run of a flow meets many faults, spread so that every kind meets REST and git in several places.
// COUNTERSIGN_FAULTS=all gives every request of every flow each fault once, one fault a run: hours.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FAULTS } from './github/faults.js';
import { REPO, Shop, status } from './flows/shop.js';

/** Every so many requests one is answered by a fault. */
const STRIDE = 9;
const RUNS = Number(process.env.COUNTERSIGN_FAULT_RUNS ?? 2);
const ALL = process.env.COUNTERSIGN_FAULTS === 'all';
/** How often a workflow is run again. */
const MOST = 10;
/** What a run may end with besides its aim: it is held, unavailable, or was told something that is not so. */
const REFUSALS = [2, 10, 15, 16, 24, 30, 31];
const PASSED = { deploy: 'success', acceptance: 'success' };

/** @typedef {{ kind: string, at: number }[]} Plan where the faults are */

/** @typedef {{ name: string, missing: string[], flow: (shop: Shop, plan: Plan) => Promise<void> }} Row */

/** @type {Row[]} */
const ROWS = [
  { name: 'a standard change', missing: [], flow: standard },
  { name: 'a change that is not ready', missing: ['unit-tests'], flow: unready },
];

/** A standard change comes to its end, though it may take several runs. @param {Shop} shop @param {Plan} plan */
async function standard(shop, plan) {
  const { commit } = shop.promote();
  plan.forEach((fault) => shop.github.fail(fault));
  let attempt = 0;
  // Impatient at first, so that a request that is never answered takes seconds.
  const job = () => shop.job({ attempt: (attempt += 1), patience: attempt < 5 ? 3 : 30 });
  let result = await job().open();
  while (result.exitCode !== 0) {
    refused(result);
    assert.ok(shop.issues.length <= 1, `${shop.issues.length} issues`);
    // What could not be seen of the promotion may have made a person necessary.
    const [issue] = shop.issues;
    if (issue && result.exitCode === 10) shop.github.people.label(REPO, issue.number, 'status_approved', { by: 'boss' });
    assert.ok(attempt < MOST, result.log);
    result = await job().open();
  }
  assert.equal(result.outputs.outcome, 'cleared', result.log);
  result = await job().close(PASSED);
  while (result.exitCode !== 0) {
    refused(result);
    assert.ok(attempt < 2 * MOST, result.log);
    result = await job().close(PASSED);
  }
  assert.equal(result.outputs.outcome, 'done', result.log);
  assert.deepEqual([shop.issue.state, status(shop.issue)], ['closed', ['status_closed']]);
  assert.deepEqual([shop.changes.length, shop.pointer()], [1, commit]);
  for (const event of ['filed', 'closed', 'concluded']) assert.equal(shop.events().filter((each) => each.event === event).length, 1, event);
  assert.equal(shop.events().filter(({ event, step }) => event === 'ran' && step === 'deploy').length, 1);
  for (const name of ['closing-summary', 'delta-summary', 'deployment-bom', 'merged-sbom']) assert.ok(shop.attachments().includes(name), name);
  assert.deepEqual(shop.github.leaks(), []);
}

/** A change that is not ready is never cleared. @param {Shop} shop @param {Plan} plan */
async function unready(shop, plan) {
  shop.promote();
  plan.forEach((fault) => shop.github.fail(fault));
  const result = await shop.job({ missing: ['unit-tests'], patience: 3 }).open();
  refused(result);
  assert.ok(shop.issues.length <= 1, `${shop.issues.length} issues`);
  shop.github.faults.clear();
  const again = await shop.job({ missing: ['unit-tests'], attempt: 2 }).open();
  assert.equal(again.exitCode, 10, again.log);
  assert.deepEqual(status(shop.issue), ['status_authorize']);
}

/** @param {import('./runner.js').Result} result */
function refused({ exitCode, outputs, log, stderr }) {
  assert.ok(REFUSALS.includes(exitCode ?? 0), `${exitCode}: ${log}\n${stderr}`);
  assert.notEqual(outputs.verdict, 'proceed');
  assert.notEqual(outputs.outcome, 'cleared');
}

/** How many requests a flow makes when nothing is wrong. @param {Row} row */
async function length(row) {
  const shop = await Shop.open();
  try {
    await row.flow(shop, []);
    return shop.github.log.length;
  } finally {
    await shop.close();
  }
}

/** @param {number} requests @returns {Plan[]} */
function plans(requests) {
  if (ALL) return FAULTS.flatMap((kind) => Array.from({ length: requests }, (_, at) => [{ kind, at: at + 1 }]));
  return Array.from({ length: RUNS }, (_, run) => {
    const from = 1 + Math.floor((run * STRIDE) / RUNS);
    const places = Array.from({ length: Math.ceil((requests - from) / STRIDE) }, (_, at) => from + at * STRIDE);
    return places.map((at, nth) => ({ kind: FAULTS[(nth + run * 5) % FAULTS.length] ?? '500', at }));
  });
}

for (const row of ROWS) {
  test(`${row.name} survives a GitHub that misbehaves`, { timeout: 24 * 3600_000 }, async () => {
    /** @type {Record<string, number>} */
    const met = {};
    let runs = 0;
    for (const plan of plans(await length(row))) {
      const shop = await Shop.open();
      try {
        await row.flow(shop, plan);
        assert.deepEqual(shop.github.log.filter(({ status: answer }) => answer === 599), []);
      } catch (problem) {
        const faults = shop.github.log.filter(({ fault }) => fault).map(({ n, fault, method, path }) => `${n} ${fault}: ${method} ${path}`);
        throw new Error(`with ${JSON.stringify(plan)}\n${faults.join('\n')}`, { cause: problem });
      } finally {
        for (const { kind, fault } of shop.github.log) if (fault) met[`${fault} on ${kind}`] = (met[`${fault} on ${kind}`] ?? 0) + 1;
        await shop.close();
      }
      runs += 1;
    }
    const total = Object.values(met).reduce((sum, count) => sum + count, 0);
    console.log(`${row.name}: ${runs} runs met ${total} faults: ${Object.entries(met).sort().map(([name, count]) => `${name} ${count}`).join(', ')}`);
  });
}
