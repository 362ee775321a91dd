// @ts-check
// Change requests that are supplied by id: an issue that a person wrote, and the number of one that is ours.

import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { ended, REPO, Shop, status } from './flows/shop.js';

/** @type {Shop} */
let shop;
beforeEach(async () => void (shop = await Shop.open()));
afterEach(() => shop.close());

const PASSED = { deploy: 'success', acceptance: 'success' };

test('cr5_ex4_an issue that a person wrote is the change request, and stays open', async () => {
  shop.promote();
  const { world, people } = shop.github;
  const { number } = world.open(REPO, { title: 'Move the database', body: 'Planned for Sunday.', by: 'boss' });
  const supplied = { 'change-request-id': String(number) };
  ended(await shop.job().open(supplied), { exitCode: 10, outcome: 'awaiting-approval', 'change-request-id': String(number) });
  people.label(REPO, number, 'Status_Approved', { by: 'boss' });
  const { open, close } = shop.job({ attempt: 2 });
  ended(await open(supplied), { exitCode: 0, outcome: 'cleared' });
  ended(await close(PASSED, supplied), { exitCode: 0, outcome: 'done' });
  assert.deepEqual([shop.issue.state, shop.issue.body?.startsWith('Planned for Sunday.')], ['open', true]);
});

test('cr6_the number of an issue of ours is not taken for a change request of its own', async () => {
  shop.promote();
  const missing = ['unit-tests'];
  ended(await shop.job({ missing }).open(), { exitCode: 10, outcome: 'awaiting-approval' });
  const { body, number } = shop.issue;
  const taken = await shop.job({ missing, attempt: 2 }).open({ 'change-request-id': String(number) });
  assert.deepEqual([taken.exitCode, taken.outputs.verdict], [30, 'hold']);
  assert.match(taken.log, new RegExp(`issue \`#${number}\` shows the change request \`CR-[0-9a-f]+\`\\s+help: give that id`));
  assert.deepEqual([shop.issue.body, status(shop.issue)], [body, ['status_authorize']]);
});
