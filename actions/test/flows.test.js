// @ts-check
// Whole changes through the Actions, as a workflow makes them, row by row of the flow table.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { REPO, Shop } from './flows/shop.js';
import { nodes } from './runner.js';

/** @type {Shop} */
let shop;
beforeEach(async () => void (shop = await Shop.open()));
afterEach(() => shop.close());

/** @param {import('./runner.js').Result} result @param {Record<string, unknown>} wanted */
function ended(result, wanted) {
  const seen = { exitCode: result.exitCode, ...Object.fromEntries(Object.keys(wanted).filter((name) => name !== 'exitCode').map((name) => [name, result.outputs[name]])) };
  assert.deepEqual(seen, { exitCode: 0, ...wanted }, `${result.log}\n${result.stderr}`);
  assert.deepEqual([result.errors, result.undeclared, result.dropped], [[], [], 0]);
}

for (const { file, version } of nodes()) {
  test(`a standard change is opened, deployed and closed, on Node ${version}`, async () => {
    const { commit } = shop.promote();
    const { job, open, close } = shop.job({ node: file });
    ended(await open(), { outcome: 'cleared', verdict: 'proceed', 'deployment-ready': 'true' });
    ended(await close({ deploy: 'success', acceptance: 'success' }), { outcome: 'done' });
    assert.deepEqual([shop.issue.state, shop.issue.labels.filter((label) => label.startsWith('status_'))], ['closed', ['status_closed']]);
    assert.equal(shop.pointer(), commit);
    assert.equal(shop.events().at(-1).event, 'concluded');
    assert.deepEqual([...job.leaks([shop.github.token]), ...shop.github.leaks()], []);
  });
}
