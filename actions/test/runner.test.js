// @ts-check
// The runner's test double understands actions as GitHub's runner does, on every Node.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { start } from './github/server.js';
import { Listener, Masks } from './runner/commands.js';
import { evaluate, substitute } from './runner/expression.js';
import { pairs } from './runner/files.js';
import { Job, nodes } from './runner.js';

/** @type {import('./github/server.js').GitHub} */
let github;
before(async () => {
  github = await start();
  github.world.repository('acme/inventory', { files: { 'app.json': '{}' } });
});
after(() => github.stop());

const MANIFEST = `name: x
description: x
inputs:
  token: { description: x, default: '\${{ github.token }}' }
  change-request-id: { description: x }
  two words: { description: x, default: 'a b' }
outputs:
  said: { description: x }
runs:
  using: node24
  main: main.js
  post: post.js
`;

/** Runs one script as an action, to its end. @param {string} main
 * @param {{ node?: string, post?: string, inputs?: Record<string, string>, speed?: number, now?: string }} [how] */
async function run(main, { node, post = '', inputs, speed, now } = {}) {
  const actions = fs.mkdtempSync(path.join(os.tmpdir(), 'fake-action-'));
  fs.mkdirSync(path.join(actions, 'x'));
  const files = { 'action.yml': MANIFEST, 'package.json': '{"type":"module"}', 'main.js': `import fs from 'node:fs';\n${main}`, 'post.js': `import fs from 'node:fs';\n${post}` };
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(actions, 'x', name), text);
  const job = new Job({ github, actions, node, speed, now, run: { ref: 'refs/heads/prod', sha: '1'.repeat(40) } });
  try {
    const result = await job.action('x', { inputs });
    const [last] = await job.end();
    return { ...result, last, job, leaks: job.leaks(['s3cret']) };
  } finally {
    job.clean();
    fs.rmSync(actions, { recursive: true, force: true });
  }
}

const OUT = (/** @type {string} */ name, /** @type {string} */ text) => `fs.appendFileSync(process.env.GITHUB_${name}, ${JSON.stringify(text)});`;

for (const { file, version } of nodes()) {
  test(`an action gets the environment of a run on Node ${version}`, async () => {
    const names = ['INPUT_TOKEN', 'INPUT_CHANGE-REQUEST-ID', 'INPUT_TWO_WORDS', 'GITHUB_REPOSITORY', 'GITHUB_REF_NAME', 'GITHUB_API_URL', 'GITHUB_TOKEN', 'RUNNER_OS', 'CI'];
    const main = `${OUT('STATE', 'left=behind\n')} console.log(JSON.stringify([process.version, process.cwd() === process.env.GITHUB_WORKSPACE, ...${JSON.stringify(names)}.map(n => process.env[n] ?? null)]));`;
    const result = await run(main, { node: file, inputs: { 'change-request-id': 'CR-1' }, post: 'console.log(process.env.STATE_left, process.env.INPUT_TOKEN)' });
    const [ran, workspace, ...values] = JSON.parse(result.stdout);
    assert.equal(ran, version);
    assert.equal(workspace, true);
    assert.deepEqual(values, [github.token, 'CR-1', 'a b', 'acme/inventory', 'prod', github.apiUrl, null, 'Linux', 'true']);
    assert.equal(result.last?.stdout, `behind ${github.token}\n`);
    assert.equal(result.last?.log, 'behind ***');
  });
}

test('there is a Node 20 and a Node 24', () => {
  const majors = nodes().map(({ version }) => version.split('.')[0]);
  if (!majors.includes('v24')) console.log('no Node 24: npm ci in actions/ installs it');
  assert.ok(majors.includes('v20') || majors.includes('v24'), majors.join());
});

test('outputs, environment, summary and exit code come back', async () => {
  const result = await run(`${OUT('OUTPUT', 'said<<E=\na=1\n\nb\nE=\n')}${OUT('ENV', 'X=1\n')}${OUT('STEP_SUMMARY', '# hi s3cret\n')} console.log('::add-mask::s3cret'); process.exitCode = 10;`);
  assert.deepEqual([result.exitCode, result.outcome], [10, 'failure']);
  assert.deepEqual(result.outputs, { said: 'a=1\n\nb' });
  assert.deepEqual(result.env, { X: '1' });
  assert.equal(result.summary, '# hi ***\n');
  assert.deepEqual(result.undeclared, []);
});

test('a secret is found in output, files, state and git command lines, not in its own mask', async () => {
  const masked = await run(`console.log('::add-mask::s3cret')`);
  assert.deepEqual(masked.leaks, []);
  for (const main of [
    `console.log('s3cret')`,
    `console.error(Buffer.from('s3cret').toString('base64'))`,
    OUT('OUTPUT', 'said=s3cret\n'),
    `fs.writeFileSync(process.env.HOME + '/x', 'x-s3cret-x')`,
    `import { execFileSync } from 'node:child_process'; execFileSync('git', ['-c', 'a.b=s3cret', 'version'])`,
  ]) {
    const { leaks } = await run(main);
    assert.notDeepEqual(leaks, [], main);
  }
});

test('a broken output file fails the step', async () => {
  const result = await run(OUT('OUTPUT', 'said<<END\nnever ended\n'));
  assert.deepEqual([result.exitCode, result.outcome], [0, 'failure']);
  assert.match(result.errors.join(), /Matching delimiter not found 'END'/);
});

test('a summary over 1 MiB is not shown', async () => {
  const result = await run(`fs.writeFileSync(process.env.GITHUB_STEP_SUMMARY, 'x'.repeat(1024 * 1024 + 1))`);
  assert.equal(result.summary, '');
  assert.match(result.annotations[0]?.message ?? '', /upload aborted/);
});

test('waits can be made short, and the clock goes on by all of them', async () => {
  const main = `import { setTimeout as sleep } from 'node:timers/promises'; const from = new Date(); await sleep(3600_000); await sleep(3600_000);
    console.log(from.toISOString().slice(0, 16), new Date().toISOString().slice(0, 16))`;
  const began = Date.now();
  const { stdout } = await run(main, { speed: 100_000, now: '2026-11-21T09:00:30Z' });
  assert.equal(stdout, '2026-11-21T09:00 2026-11-21T11:00\n');
  assert.ok(Date.now() - began < 10_000);
});

test('a text that begins a command is one, wherever its line began', () => {
  const listener = new Listener(new Masks());
  for (const line of ['  ::error file=a%2Cb,line=3::bad%0Anews', 'x ##[warning]old', 'a ::error::no', '::unknown::no', '::set-env name=A::B']) listener.hear(line);
  assert.deepEqual(listener.annotations, [{ type: 'error', message: 'bad\nnews', file: 'a,b', line: '3' }, { type: 'warning', message: 'old' }]);
  assert.equal(listener.errors.length, 1);
});

test('a lone carriage return begins a line, and so can begin a command', async () => {
  const { annotations } = await run(`process.stdout.write('progress\\r::error::from the middle\\nend')`);
  assert.deepEqual(annotations, [{ type: 'error', message: 'from the middle' }]);
});

test('commands can be stopped and resumed', () => {
  const listener = new Listener(new Masks());
  for (const line of ['::stop-commands::abc', '::error::no', '::abc::', '::error::yes']) listener.hear(line);
  assert.deepEqual(listener.annotations, [{ type: 'error', message: 'yes' }]);
  assert.ok(listener.log.includes('::error::no'));
});

test('ten annotations of a type are kept', () => {
  const listener = new Listener(new Masks());
  for (let n = 0; n < 12; n += 1) listener.hear(`::notice::${n}`);
  listener.hear('::error::1');
  assert.deepEqual([listener.annotations.length, listener.dropped], [11, 2]);
});

test('the first of = and << decides how a line is read', () => {
  assert.deepEqual(pairs('a=b<<c\nd<<X\n1\n2\nX\n'), [['a', 'b<<c'], ['d', '1\n2']]);
  assert.deepEqual(pairs('a<<X\nX\n'), [['a', '']]);
  assert.throws(() => pairs('word\n'), /Invalid format/);
});

test('defaults may be expressions', () => {
  const contexts = { github: { token: 't', event: { pull_request: { number: 7 } }, sha: '' } };
  assert.equal(substitute('${{ github.token }}', contexts), 't');
  assert.equal(substitute('n${{ github.event.pull_request.number }}-${{ github.event.none.more }}', contexts), 'n7-');
  assert.equal(evaluate("github.sha || 'none'", contexts), 'none');
  assert.equal(evaluate("github.token == 'T' && !github.sha", contexts), true);
  assert.throws(() => evaluate('secrets.x', contexts), /no context/);
});
