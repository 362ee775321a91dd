// @ts-check
// How much a whole `open` asks of GitHub: every request of every job counts against the hour's limit of the token.

import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ended, Shop } from './flows/shop.js';

const COMPONENTS = 10;
/** Of an `open` of one promotion: all requests, git included. */
const REQUESTS = 25;
/** Each is two requests. */
const PUSHES = 4;
/** Two to list branches and tags; two for the tip of the records, where there are some. */
const GIT_READS = 4;
/** More for each further promotion at most. */
const FURTHER = 5;

/** @typedef {import('./github/server.js').Entry} Entry */
/** @typedef {{ total: number, gitReads: number, pushes: number, rest: Record<string, number> }} Count */

/** What a request is, whatever it is about. @param {Entry} entry */
function kind({ method, path }) {
  const [plain = ''] = path.replace(/^.*\/repos\/[^/]+\/[^/]+/, '').split('?');
  return `${method} ${plain.replace(/[0-9a-f]{40}/g, 'SHA').replace(/\/\d+/g, '/N')}`;
}

/** @param {Entry[]} log @returns {Count} */
function count(log) {
  const git = log.filter((entry) => entry.kind === 'git');
  /** @type {Record<string, number>} */ const rest = {};
  for (const name of log.filter((entry) => entry.kind === 'rest').map(kind)) rest[name] = (rest[name] ?? 0) + 1;
  return {
    total: log.length,
    gitReads: git.filter(({ path }) => path.includes('git-upload-pack')).length,
    pushes: git.filter(({ method, path }) => method === 'POST' && path.endsWith('/git-receive-pack')).length,
    rest,
  };
}

/** Promotions of ten components each are opened by one job, and closed: what each of the two asked. @param {Shop} shop @param {number} promotions */
async function deploy(shop, promotions) {
  for (let each = 0; each < promotions; each += 1) {
    const version = shop.version + 1;
    const entry = (/** @type {string} */ name) => `${JSON.stringify({ ...shop.build(version).entry, name })}\n`;
    const names = Array.from({ length: COMPONENTS }, (_, at) => `shop/component-${at}`);
    shop.promote({ files: Object.fromEntries(names.map((name) => [name, entry(name)])) });
  }
  const { open, close } = shop.job({ runId: 7000 + shop.version });
  const asked = async (/** @type {() => Promise<import('./runner.js').Result>} */ act, /** @type {string} */ outcome) => {
    const before = shop.github.log.length;
    ended(await act(), { exitCode: 0, outcome });
    return count(shop.github.log.slice(before));
  };
  return { open: await asked(open, 'cleared'), close: await asked(() => close({ deploy: 'success', acceptance: 'success' }), 'done') };
}

const shop = await Shop.open();
after(() => shop.close());
const [first, later, several] = [await deploy(shop, 1), await deploy(shop, 1), await deploy(shop, 3)];

test('an open reads of git what it needs once, and writes in few pushes', (t) => {
  for (const [name, { open, close }] of Object.entries({ first, later, several })) {
    t.diagnostic(`${name}: open ${JSON.stringify(open)}`);
    t.diagnostic(`${name}: close ${JSON.stringify(close)}`);
    assert.ok(open.gitReads <= GIT_READS, name);
    assert.ok(open.pushes <= PUSHES, name);
  }
  assert.equal(first.open.gitReads, 2, 'where there are no records yet, none are fetched');
});

test('further promotions cost little more', () => {
  assert.ok(several.open.total - later.open.total <= 2 * FURTHER, `${several.open.total} and ${later.open.total}`);
});

test('an open takes few requests', () => {
  for (const { open } of [first, later]) assert.ok(open.total <= REQUESTS, `${open.total} requests`);
});
