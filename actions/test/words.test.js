// @ts-check
// The words of others, wherever they can be written: shown as they are, and never a command, an output, Markdown or HTML.

import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { marked } from 'marked';
import { ended, REPO, Shop } from './flows/shop.js';

const CANARY = 'canary-7f3a9c0e51';
/** Each of them acts somewhere when it is not kept still. */
const WORDS = [
  '::error::stop', '::add-mask::e', '::set-output name=outcome::cleared', '##[error]stop', 'outcome=cleared', 'outcome<<E\ncleared\nE',
  '<img src=x onerror=alert(1)>', '<script>alert(1)</script>', '</details></table>', '<!-- countersign:end -->', '![x](https://evil.example/p.png)',
  '[x](javascript:alert(1))', 'https://evil.example/phish', '@everyone @shop/leads', 'fixes #1', '`code` ``` ~~~', '| a | b |\n|---|---|', '# heading', '$(touch pwned)',
  '`touch pwned`', '; touch pwned', "' OR 1=1", '${{ secrets.GITHUB_TOKEN }}', '../../etc/passwd', '\u202emoc.live', '\u0000\u001b[31mred', '%0A::error::x', '\r\n::error::y',
];
const NAUGHTY = WORDS.join(' ');

/** Nothing but our own tags, with our own attributes. @param {string} page @param {string} server */
function still(page, server) {
  const own = new Set(['h2', 'h3', 'p', 'table', 'tr', 'th', 'td', 'code', 'a', 'b', 'br', 'sub', 'ul', 'li', 'details', 'summary']);
  for (const [tag, name, attributes] of page.matchAll(/<\/?([^\s>/]*)([^>]*)>/g)) {
    assert.ok(own.has(name ?? ''), `${tag} is no tag of ours`);
    const plain = /^( align="left"| href="([^"]*)")?$/.exec(attributes ?? '');
    assert.ok(plain && (!plain[2] || plain[2].startsWith(server)), `${tag} has an attribute that is not ours`);
  }
  const outside = page.replace(/<code>.*?<\/code>/gs, '');
  for (const word of ['@everyone', 'evil.example', 'fixes #', 'javascript:']) assert.ok(!outside.includes(word), `${word} stands outside of code:\n${outside}`);
}

/** Nothing in Markdown that is not text, but what we put there. @param {string} body @param {string} server */
function inert(body, server) {
  const own = /^(<!-- countersign:(begin CR-[0-9a-f]{12}|end) -->|<\/?details>|<summary>For machines<\/summary>|<details><summary>For machines<\/summary>|<\/summary>|<summary>)\s*$/;
  marked.walkTokens(marked.lexer(body), (token) => {
    if (token.type === 'html') for (const line of token.raw.split('\n').filter((each) => each.trim())) assert.match(line, own);
    if (token.type === 'link') assert.ok(token.href.startsWith(server), token.href);
    assert.notEqual(token.type, 'image');
    if (token.type === 'text' && !('tokens' in token && token.tokens)) {
      for (const word of ['@', '#1', 'evil.example', 'javascript:']) assert.ok(!token.text.includes(word), `${word} is rendered: ${token.text}`);
    }
  });
}

test('no text of others acts, wherever it is written', async (t) => {
  const shop = await Shop.open();
  t.after(() => shop.close());
  const { github } = shop;
  const field = (/** @type {string} */ name, /** @type {string} */ text) => `<${name}>\n${text}\n</${name}>\n`;
  const still_ = NAUGHTY.replaceAll('</', '< /');
  const body = '<priority>Low</priority>\n<assignedto>a@example.com</assignedto>\n<customerimpact>Low</customerimpact>\n<deploymentimpact>Small</deploymentimpact>\n'
    + field('purpose', still_) + field('backoutplan', still_) + field('description', still_);
  shop.promote({ title: NAUGHTY.replace(/[\u0000-\u001f]/g, ' ').slice(0, 250), body, labels: [{ name: '::error::label', by: 'author' }, { name: '<img src=x>', by: 'author' }], by: 'author' });
  const given = shop.job({ missing: ['unit-tests'], inputs: { detail: NAUGHTY.replace(/[\u0000-\u001f]/g, ' ').slice(0, 200) } });
  const { job } = given;
  const evidence = path.join(job.github.workspace, 'evidence');
  fs.writeFileSync(path.join(evidence, '::error::x.json'), JSON.stringify({ check: 'unit-tests', tool: NAUGHTY, outcome: NAUGHTY }));
  fs.writeFileSync(path.join(evidence, '<img src=x>.json'), NAUGHTY);
  const held = await given.open();
  ended(held, { exitCode: 10, outcome: 'awaiting-approval', verdict: 'hold' });
  still(held.summary ?? '', github.url);
  inert(shop.issue.body ?? '', github.url);
  assert.ok(JSON.parse(held.outputs.reasons ?? '').length > 0, 'the reasons are read again as they were written');
  github.people.label(REPO, shop.issue.number, 'status_approved', { by: 'boss' });

  const log = path.join(job.github.workspace, 'deploy.log');
  fs.writeFileSync(log, `${NAUGHTY}\n${CANARY}\n${github.token}\n`);
  const again = shop.job({ missing: ['unit-tests'], attempt: 2, inputs: given.common });
  fs.cpSync(evidence, path.join(again.job.github.workspace, 'evidence'), { recursive: true });
  fs.copyFileSync(log, path.join(again.job.github.workspace, 'deploy.log'));
  again.job.env.CANARY = CANARY;
  const opened = await again.open();
  ended(opened, { exitCode: 0, outcome: 'cleared' });
  const closed = await again.close({ deploy: 'failure', 'deploy-log': 'deploy.log', 'secret-env': 'CANARY' });
  ended(closed, { exitCode: 20, verdict: 'halt' });
  for (const result of [held, opened, closed]) {
    still(result.summary ?? '', github.url);
    const wanted = result.commands.every(({ name }) => ['add-mask', 'error', 'warning', 'notice'].includes(name));
    assert.ok(wanted, JSON.stringify(result.commands));
    assert.ok(result.annotations.length <= 10, 'annotations are capped');
    assert.ok(!result.commands.some(({ name, data }) => name === 'add-mask' && data === 'e'), 'nobody masks for us');
  }
  inert(shop.issue.body ?? '', github.url);
  for (const name of fs.readdirSync(job.github.workspace)) assert.notEqual(name, 'pwned');
  assert.deepEqual(github.leaks([CANARY]), [], 'the secret of the deployment is nowhere');
  const ours = /is in work\/deploy.log$/;
  assert.deepEqual(shop.jobs.flatMap((each) => each.leaks([github.token, CANARY])).filter((place) => !ours.test(place)), []);
});
