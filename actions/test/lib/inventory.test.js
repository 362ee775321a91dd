// @ts-check
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { inventory } from '../../lib/inventory.js'
import { remote } from '../../lib/remote.js'
import { start } from '../github/server.js'

const NAME = 'acme/inventory'
const PROD = 'refs/heads/prod'
const github = await start({})
const temporary = mkdtempSync(join(tmpdir(), 'inventory-test-'))
const bare = join(github.root, `${NAME}.git`)
github.world.repository(NAME, { branch: 'prod', files: { runner: '1', 'a/b': '2', '.hidden': 'x', '.inventoryignore': 'z' }, by: 'alice' })
const first = head()
github.world.commit(NAME, { branch: 'prod', files: { runner: '3' }, by: 'alice' })
const second = head()
after(async () => {
  await github.stop()
  rmSync(temporary, { recursive: true, force: true })
})

const world = {
  env: { ...process.env, RUNNER_TEMP: temporary, COUNTERSIGN_PATIENCE: '2' },
  spawn,
  sleep: async () => {},
  random: Math.random
}
let folders = 0

function head() {
  return execFileSync('git', ['--git-dir', bare, 'rev-parse', PROD], { encoding: 'utf8' }).trim()
}

/** @param {string[]} words */
function clone(...words) {
  const folder = join(temporary, `clone-${(folders += 1)}`)
  execFileSync('git', ['clone', '-q', '-b', 'prod', ...words, `file://${bare}`, folder], { stdio: 'pipe' })
  return folder
}

/** @param {string} folder @param {string[]} words */
function git(folder, ...words) {
  return execFileSync('git', ['-C', folder, '-c', 'user.name=x', '-c', 'user.email=x@example.com', ...words], { encoding: 'utf8' }).trim()
}

/** @param {string} folder */
function there(folder) {
  return inventory(world, folder, github.url, (url) => remote(world, { url, token: github.token }))
}

/** @param {string} folder @param {string} [origin] */
function opened(folder, origin = `${github.url}/${NAME}`) {
  git(folder, 'remote', 'set-url', 'origin', origin)
  return there(folder)
}

/** @param {import('../../lib/inventory.js').Inventory} from @param {string} commit */
async function texts(from, commit) {
  const files = (await from.tree(commit)).filter(({ path }) => !path.startsWith('.'))
  const bytes = await from.blobs(files.map(({ id }) => id))
  return Object.fromEntries(files.map(({ path, id }) => [path, bytes.get(id)?.toString()]))
}

/** @param {import('../../lib/inventory.js').Inventory} from @param {string} name @param {string} to @param {string} [before] */
async function move(from, name, to, before) {
  return (await from.move({ name: `refs/tags/${name}`, from: before, to, message: 'deployed' }, 1_900_000_000)).response
}

test('in1_files_are_those_of_the_commit_and_never_of_the_work_tree', async () => {
  const folder = clone()
  writeFileSync(join(folder, 'runner'), 'of the work tree')
  const from = await opened(folder)
  assert.deepEqual(await texts(from, first), { 'a/b': '2', runner: '1' })
  assert.deepEqual(await texts(from, second), { 'a/b': '2', runner: '3' })
  assert.ok((await from.tree(second)).some(({ path, regular }) => path === '.inventoryignore' && regular))
  assert.equal(from.repository, NAME)
})

test('what a shallow or partial checkout lacks is fetched', async () => {
  for (const words of [['--depth=1'], ['--filter=blob:none', '--no-checkout'], ['--filter=tree:0', '--no-checkout']]) {
    const from = await opened(clone(...words))
    assert.deepEqual(await from.ref(first), { object: first, commit: first })
    assert.deepEqual(await texts(from, first), { 'a/b': '2', runner: '1' }, words[0])
    assert.equal((await from.ref(PROD))?.commit, second)
  }
})

test('what nobody has is absent, and not to be had', async () => {
  const from = await opened(clone())
  assert.equal(await from.ref('a'.repeat(40)), undefined)
  assert.equal(await from.ref('refs/heads/nope'), undefined)
  await assert.rejects(from.tree('a'.repeat(40)), /the inventory has no commit a/)
})

test('a branch is what the server says, not what was checked out', async () => {
  const folder = clone()
  const third = github.world.commit(NAME, { branch: 'moving', from: 'prod', files: { x: '1' }, by: 'alice' })
  const from = await opened(folder)
  assert.equal((await from.ref('refs/heads/moving'))?.commit, third)
  assert.deepEqual(Object.keys(await texts(from, third)), ['a/b', 'runner', 'x'])
})

test('branches and tags of one run are asked once', async () => {
  const from = await opened(clone())
  const before = github.log.length
  for (const name of [PROD, 'refs/tags/prod_latest', 'refs/heads/staging', second]) await from.ref(name)
  await texts(from, second)
  assert.equal(github.log.length - before, 2)
})

test('cl5_the_pointer_moves_if_it_is_as_it_was_when_the_run_began', async () => {
  const [one, other] = [await opened(clone()), await opened(clone('--depth=1'))]
  const name = 'refs/tags/eu_prod_latest'
  assert.deepEqual([await one.ref(name), await other.ref(name)], [undefined, undefined])
  assert.equal(await move(one, 'eu_prod_latest', first), 'moved')
  assert.equal(await move(other, 'eu_prod_latest', second), 'conflict')
  const now = await other.ref(name)
  assert.equal(now?.commit, first)
  assert.notEqual(now?.object, first, 'the tag is annotated')
  assert.equal(await move(other, 'eu_prod_latest', second, now?.object), 'moved')
  assert.equal((await other.ref(name))?.commit, second)
})

test('a tag that was moved is known without asking', async () => {
  const from = await opened(clone())
  await from.ref(PROD)
  const before = github.log.length
  assert.equal(await move(from, 'known_latest', second), 'moved')
  const pushed = github.log.length
  const seen = await from.ref('refs/tags/known_latest')
  assert.deepEqual([pushed - before, github.log.length - pushed, seen?.commit], [2, 0, second])
  from.refresh()
  assert.deepEqual(await from.ref('refs/tags/known_latest'), seen)
})

test('a move whose answer is lost is found to have taken, or not', async () => {
  const from = await opened(clone())
  for (const [kind, took] of /** @type {const} */ ([['reset-after', true], ['502-after', true], ['502', false]])) {
    const rule = github.fail({ kind, method: 'POST', path: /git-receive-pack$/ })
    assert.equal(await move(from, `${kind}_latest`, second), 'unknown', kind)
    assert.equal(rule.fired, 1, kind)
    assert.equal((await from.ref(`refs/tags/${kind}_latest`))?.commit, took ? second : undefined, kind)
  }
})

test('a link in the inventory is not a regular file', async () => {
  const folder = clone()
  symlinkSync('/etc/passwd', join(folder, 'link'))
  git(folder, 'add', '.')
  git(folder, 'commit', '-qm', 'x')
  const files = await (await opened(folder)).tree(git(folder, 'rev-parse', 'HEAD'))
  assert.deepEqual(files.filter(({ regular }) => !regular).map(({ path }) => path), ['link'])
})

test('the history of a shallow checkout is not taken for a short one', async () => {
  const from = await opened(clone())
  const [last, ...more] = await from.log({ from: first, to: second })
  assert.deepEqual([last?.commit, last?.parents, more], [second, [first], []])
  assert.match(last?.at ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  assert.equal((await from.log({ to: second })).length, 2)
  const shallow = await opened(clone('--depth=1'))
  await assert.rejects(shallow.log({ to: second }), /without its past/)
})

test('t68_the configuration of the checkout starts nothing and leads nowhere', async () => {
  const folder = clone()
  const pwned = join(temporary, 'pwned')
  const evil = `touch ${pwned}`
  for (const [name, value] of [
    [`url.ext::sh -c ${evil} %S .insteadOf`, github.url],
    [`url.http://127.0.0.1:1/.pushInsteadOf`, github.url],
    ['core.fsmonitor', evil], ['core.sshCommand', evil], ['core.alternateRefsCommand', evil], ['core.gitProxy', evil],
    ['credential.helper', `!${evil}`], ['remote.origin.uploadpack', evil], ['remote.origin.receivepack', evil], ['protocol.ext.allow', 'always'],
    ['http.proxy', 'http://127.0.0.1:1'], ['gpg.program', evil], ['push.gpgSign', 'true'], ['tag.gpgSign', 'true']
  ]) git(folder, 'config', name ?? '', value ?? '')
  mkdirSync(join(folder, '.git/hooks'), { recursive: true })
  for (const hook of ['pre-push', 'reference-transaction']) writeFileSync(join(folder, '.git/hooks', hook), `#!/bin/sh\n${evil}\n`, { mode: 0o755 })
  const from = await opened(folder)
  assert.deepEqual(await texts(from, second), { 'a/b': '2', runner: '3' })
  assert.equal((await from.ref(PROD))?.commit, second)
  assert.equal(await move(from, 'evil_latest', second), 'moved')
  rmSync(pwned, { force: true })
  const again = await there(folder)
  assert.equal(await move(again, 'evil_latest', first, (await again.ref('refs/tags/evil_latest'))?.object), 'moved')
  assert.ok(!existsSync(pwned), 'a command of the configuration ran')
})

test('the token goes to the configured server only', async () => {
  const folder = clone()
  for (const origin of [`https://evil.example.com/${NAME}`, `git@evil.example.com:${NAME}.git`, '/tmp/x', 'https://evil.example.com:443/x', `http://localhost.evil.example/${NAME}`]) {
    await assert.rejects(opened(folder, origin), /not checked out from the server/, origin)
  }
  git(folder, 'config', 'remote.origin.url', '')
  await assert.rejects(there(folder), /not checked out from the server/)
  const host = new URL(github.url).hostname
  assert.equal((await opened(folder, `git@${host}:${NAME}.git`)).repository, NAME)
})

test('no name is an option or an expression', async () => {
  const from = await opened(clone())
  for (const name of ['refs/heads/--upload-pack=x', 'refs/tags/a^{tree}', 'refs/heads/a..b', 'HEAD', '--all']) await assert.rejects(from.ref(name), name)
  await assert.rejects(from.blobs(['HEAD:runner']))
})

test('a folder that is no repository is no inventory', async () => {
  await assert.rejects(there(temporary), /there is no git repository/)
})
