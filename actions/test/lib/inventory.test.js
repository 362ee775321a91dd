// @ts-check
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { asking } from '../../lib/ask.js'
import { start as startEngine } from '../../lib/engine.js'
import { inventory } from '../../lib/inventory.js'
import { start } from '../github/server.js'

const NAME = 'acme/inventory'
const github = await start({})
const scratch = mkdtempSync(join(tmpdir(), 'inventory-test-'))
const bare = join(github.root, `${NAME}.git`)
github.world.repository(NAME, { branch: 'prod', files: { runner: '1', 'a/b': '2', '.hidden': 'x', '.inventoryignore': 'z' }, by: 'alice' })
const first = head()
github.world.commit(NAME, { branch: 'prod', files: { runner: '3' }, by: 'alice' })
const second = head()
after(async () => {
  await github.stop()
  rmSync(scratch, { recursive: true, force: true })
})

const ask = asking(await startEngine((url) => readFile(url)))
const world = {
  env: { ...process.env, COUNTERSIGN_PATIENCE: '2' },
  spawn,
  sleep: async () => {},
  random: Math.random,
  system: Date.now
}
let folders = 0

function head() {
  return execFileSync('git', ['--git-dir', bare, 'rev-parse', 'refs/heads/prod'], { encoding: 'utf8' }).trim()
}

/** @param {string[]} words */
function clone(...words) {
  const folder = join(scratch, `clone-${(folders += 1)}`)
  execFileSync('git', ['clone', '-q', '-b', 'prod', ...words, `file://${bare}`, folder], { stdio: 'pipe' })
  execFileSync('git', ['-C', folder, 'remote', 'set-url', 'origin', `https://mona:canary@example.com/${NAME}`])
  return folder
}

/**
 * @param {string} folder
 * @param {string | undefined} [origin]
 */
function opened(folder, origin = `${github.url}/${NAME}`) {
  execFileSync('git', ['-C', folder, 'remote', 'set-url', 'origin', origin])
  const own = join(scratch, `scratch-${(folders += 1)}`)
  return inventory(/** @type {any} */ (world), ask, { folder, scratch: own, server: github.url, token: github.token })
}

const texts = (/** @type {import('../../lib/inventory.js').Tree} */ { files }) =>
  Object.fromEntries(files.map(({ name, digest }) => [name, Buffer.from(ask.take(digest)).toString()]))

test('in1_files_are_those_of_the_commit_and_never_of_the_work_tree', async () => {
  const folder = clone()
  writeFileSync(join(folder, 'runner'), 'of the work tree')
  const there = await opened(folder)
  assert.deepEqual(texts(await there.tree(first)), { 'a/b': '2', runner: '1' })
  assert.deepEqual(texts(await there.tree(second)), { 'a/b': '2', runner: '3' })
  assert.equal((await there.file(second, '.inventoryignore'))?.name, '.inventoryignore')
  assert.equal(await there.file(second, 'nothing'), undefined)
  assert.equal(there.repository, NAME)
})

test('what a shallow or partial checkout lacks is fetched', async () => {
  for (const words of [['--depth=1'], ['--filter=blob:none', '--no-checkout']]) {
    const there = await opened(clone(...words))
    assert.deepEqual(texts(await there.tree(first)), { 'a/b': '2', runner: '1' })
    assert.equal(await there.branch('prod'), second)
  }
})

test('what nobody has is said to be missing', async () => {
  const there = await opened(clone())
  await assert.rejects(there.tree('a'.repeat(40)), /the inventory has no commit a/)
  await assert.rejects(there.branch('nope'), /the inventory has no branch `nope`/)
})

test('a branch is what the server says, not what was checked out', async () => {
  const folder = clone()
  const third = github.world.commit(NAME, { branch: 'moving', from: 'prod', files: { x: '1' }, by: 'alice' })
  const there = await opened(folder)
  assert.equal(await there.branch('moving'), third)
  assert.deepEqual(Object.keys(texts(await there.tree(third))), ['a/b', 'runner', 'x'])
})

test('cl5_the_pointer_moves_if_it_is_as_it_was_when_the_run_began', async () => {
  const [one, other] = [await opened(clone()), await opened(clone('--depth=1'))]
  const [{ pointer }, late] = [await one.concluded('eu_prod_latest'), await other.concluded('eu_prod_latest')]
  assert.equal(await one.conclude(pointer, first), undefined)
  assert.equal(await one.conclude(pointer, first), undefined)
  assert.equal((await other.conclude(late.pointer, second))?.code, 'conflict')
  const now = await other.concluded('eu_prod_latest')
  assert.equal(now.commit, first)
  assert.equal(await other.conclude(now.pointer, second), undefined)
  assert.equal((await one.concluded('eu_prod_latest')).commit, second)
})

test('a move whose answer is lost is found to have taken', async () => {
  const there = await opened(clone())
  for (const kind of ['reset-after', '502-after', '502', 'reset']) {
    const { pointer } = await there.concluded(`${kind}_latest`)
    const rule = github.fail({ kind, method: 'POST', path: /git-receive-pack$/ })
    assert.equal(await there.conclude(pointer, second), undefined, kind)
    assert.equal(rule.fired, 1, kind)
    assert.equal((await there.concluded(`${kind}_latest`)).commit, second, kind)
  }
})

test('a link in the inventory is refused', async () => {
  const folder = join(scratch, 'links')
  mkdirSync(folder)
  const run = (/** @type {string[]} */ ...words) => execFileSync('git', ['-C', folder, '-c', 'user.name=x', '-c', 'user.email=x@example.com', ...words], { encoding: 'utf8' }).trim()
  run('init', '-q', '-b', 'prod')
  symlinkSync('/etc/passwd', join(folder, 'runner'))
  run('add', '.')
  run('commit', '-qm', 'x')
  const there = await inventory(/** @type {any} */ (world), ask, { folder, scratch: join(scratch, 'none'), server: github.url, token: github.token })
  await assert.rejects(there.tree(run('rev-parse', 'HEAD')), /`runner` in the inventory is not a regular file/)
})

test('the token goes to the configured server only', async () => {
  const folder = clone()
  for (const origin of [`https://evil.example.com/${NAME}`, `git@evil.example.com:${NAME}.git`, '/tmp/x', 'https://evil.example.com:443/x']) {
    await assert.rejects(opened(folder, origin), /another server/, origin)
  }
  const host = new URL(github.url).hostname
  assert.equal((await opened(folder, `git@${host}:${NAME}.git`)).repository, NAME)
})

test('a folder that is no repository is no inventory', async () => {
  const where = { folder: scratch, scratch: join(scratch, 'none'), server: github.url, token: '' }
  await assert.rejects(inventory(/** @type {any} */ (world), ask, where), /there is no git repository/)
})
