// @ts-check
// The same change through the Action and through the command line: the same journal, timestamps and ids of runs aside.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { environment } from './runner/context.js';
import { REPO, Shop, status } from './flows/shop.js';

const BUILT = path.join(path.dirname(fileURLToPath(import.meta.url)), '../../target/release/countersign');
const BINARY = process.env.COUNTERSIGN_BIN ?? BUILT;

/** The binary in the place of an action. @param {ReturnType<Shop['job']>} given @param {string[]} verb */
async function command({ job, common }, ...verb) {
  const flags = Object.entries(common).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(BINARY, [...verb, '--change-system', 'github', '--inventory', '.', '--commit', job.github.sha, '--branch', 'prod', '--output', 'json', ...flags], {
    cwd: job.github.workspace,
    env: { PATH: process.env.PATH, HOME: job.folder('home'), GITHUB_TOKEN: job.github.token, ...environment(job.github) },
  });
  const read = async (/** @type {import('node:stream').Readable} */ from) => {
    let text = '';
    for await (const part of from) text += part;
    return text;
  };
  const ended = new Promise((resolve) => child.on('close', resolve));
  const [stdout, stderr, exitCode] = await Promise.all([read(child.stdout), read(child.stderr), ended]);
  assert.ok(stdout.startsWith('{'), stderr);
  return { exitCode, report: JSON.parse(stdout), said: `${stdout}\n${stderr}` };
}

/** A journal without what differs from run to run. @param {string} text */
const timeless = (text) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line, (key, value) => (['at', 'prev', 'planned_start', 'planned_end'].includes(key) ? null : value)))
    .map(({ event }) => event)
    // What an attachment says of times makes its digest; its name stays.
    .map((event) => JSON.parse(JSON.stringify(event, (key, value) => (/^(digest|facts|attachments|started|ended|effect|until)$/.test(key) ? forget(key, value) : value))));

/** @param {string} key @param {any} value */
function forget(key, value) {
  if (key === 'attachments' && value && typeof value === 'object') return Object.keys(value).sort();
  if (key === 'effect' && typeof value === 'string') return value.replace(/\/[0-9a-f]{12}$/, '');
  return null;
}

for (const { name, missing, end } of [
  { name: 'ready', missing: [], end: ['success', 'success'] },
  { name: 'approved by a person', missing: ['unit-tests'], end: ['success', 'success'] },
  { name: 'failed', missing: [], end: ['failure', ''] },
]) {
  test(`the Action and the command line keep the same journal of a change that is ${name}`, async (t) => {
    assert.ok(existsSync(BINARY), `there is no \`${BINARY}\`: cargo build --release -p countersign-cli`);
    // Commits of the same second have the same ids.
    const clock = '2026-01-01T00:00:00Z';
    const [acts, commands] = [await Shop.open({ clock }), await Shop.open({ clock })];
    t.after(() => Promise.all([acts.close(), commands.close()]));
    for (const shop of [acts, commands]) {
      shop.promote();
      shop.github.clock.run();
    }
    const open = async (/** @type {number} */ attempt) => {
      const action = await acts.job({ missing, attempt }).open();
      const binary = await command(commands.job({ missing, attempt }), 'open');
      assert.equal(binary.exitCode, action.exitCode, `${binary.said}\n${action.log}`);
      assert.equal(binary.report.outcome, action.outputs.outcome);
      return action.exitCode;
    };
    if ((await open(1)) !== 0) {
      for (const shop of [acts, commands]) shop.github.people.label(REPO, shop.issue.number, 'status_approved', { by: 'boss' });
      assert.equal(await open(2), 0);
    }
    const [deploy = '', acceptance = ''] = end;
    const closed = await acts.job({ missing, attempt: 3 }).close({ deploy, acceptance });
    const ended = acceptance ? ['--acceptance', acceptance] : [];
    const closing = await command(commands.job({ missing, attempt: 3 }), 'close', '--deploy', deploy, ...ended);
    assert.equal(closing.exitCode, closed.exitCode, `${closing.said}\n${closed.log}`);
    const [one, two] = [acts, commands].map((shop) => timeless(shop.record(`changes/${shop.changes[0]}/journal.jsonl`).replaceAll(shop.github.url, 'https://github.example')));
    assert.deepEqual(two, one);
    assert.deepEqual(acts.changes, commands.changes);
    assert.deepEqual(status(commands.issue), status(acts.issue));
    assert.deepEqual([commands.issue.title, commands.issue.state], [acts.issue.title, acts.issue.state]);
    assert.deepEqual(commands.github.leaks(), []);
  });
}
