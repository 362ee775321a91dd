// @ts-check
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { digestOf } from '../../lib/engine.js'
import { ledger } from '../../lib/ledger.js'
import { remote, scratch } from '../../lib/remote.js'
import { start } from '../github/server.js'

const NAME = 'acme/inventory'
const github = await start({})
const temporary = mkdtempSync(join(tmpdir(), 'ledger-test-'))
github.world.repository(NAME, { branch: 'main', files: { a: 'b' }, by: 'alice' })
after(async () => {
  await github.stop()
  rmSync(temporary, { recursive: true, force: true })
})

const world = {
  env: { ...process.env, RUNNER_TEMP: temporary, COUNTERSIGN_PATIENCE: '2' },
  spawn,
  sleep: (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms / 20)),
  random: Math.random,
  system: () => 1_900_000_000_000
}

/** @param {string} branch */
async function store(branch, token = github.token) {
  return ledger(/** @type {any} */ (world), await remote(world, { url: `${github.url}/${NAME}.git`, token }), branch)
}

const bytes = (/** @type {string} */ text) => Buffer.from(text)

/** Writes one file. @param {import('../../lib/ledger.js').Ledger} to @param {string} path @param {string} text @param {string} [before] */
async function put(to, path, text, before) {
  return (await to.commit([{ path, bytes: bytes(text), expected: before === undefined ? undefined : digestOf(bytes(before)) }], path)).response
}

/** @param {import('../../lib/ledger.js').Ledger} from @param {string} path */
const get = async (from, path) => (await from.read([path])).get(path)?.toString()

/** The requests that `act` makes of git: fetches and pushes. @param {() => Promise<unknown>} act */
async function traffic(act) {
  const before = github.log.length
  await act()
  const made = github.log.slice(before)
  const posts = (/** @type {RegExp} */ path) => made.filter((entry) => entry.method === 'POST' && path.test(entry.path)).length
  return { requests: made.length, pushes: posts(/git-receive-pack$/) }
}

test('a file is there after it was put, and for everybody', async () => {
  const [one, other] = [await store('plain'), await store('plain')]
  assert.equal(await get(other, 'changes/a/journal.jsonl'), undefined)
  assert.equal(await other.exists(), false)
  assert.equal(await put(one, 'changes/a/journal.jsonl', 'x\n'), 'committed')
  assert.equal(await put(one, 'changes/a/empty', ''), 'committed')
  assert.equal(await get(other, 'changes/a/journal.jsonl'), undefined)
  other.refresh()
  assert.equal(await get(other, 'changes/a/journal.jsonl'), 'x\n')
  assert.deepEqual(await other.list('changes/'), ['changes/a/empty', 'changes/a/journal.jsonl'])
  assert.deepEqual(await other.list('changes/b'), [])
})

test('several files are one commit and one push', async () => {
  const [one, other] = [await store('several'), await store('several')]
  await put(one, 'old', '1')
  const puts = [
    { path: 'changes/a/record.json', bytes: bytes('{}') },
    { path: 'changes/a/journal.jsonl', bytes: bytes('x\n') },
    { path: 'old', expected: digestOf(bytes('1')) },
    { path: 'targets/a/register.json', bytes: bytes('{}') }
  ]
  const before = github.world.bare(NAME).log(undefined, 'several').length
  assert.deepEqual(await traffic(() => one.commit(puts, 'the change a')), { requests: 2, pushes: 1 })
  assert.equal(github.world.bare(NAME).log(undefined, 'several').length, before + 1)
  assert.deepEqual(await other.list(''), ['changes/a/journal.jsonl', 'changes/a/record.json', 'targets/a/register.json'])
})

test('all files are written or none', async () => {
  const one = await store('all')
  await put(one, 'a', '1')
  const puts = [{ path: 'b', bytes: bytes('1') }, { path: 'a', bytes: bytes('2'), expected: digestOf(bytes('0')) }, { path: 'c', bytes: bytes('1'), expected: digestOf(bytes('1')) }]
  assert.deepEqual(await one.commit(puts, 'x'), { response: 'conflict', paths: ['a', 'c'] })
  assert.deepEqual(await one.list(''), ['a'])
})

test('reading again asks the server for nothing, until a write failed', async () => {
  const [one, other] = [await store('again'), await store('again')]
  await put(other, 'f', '1')
  await one.exists()
  assert.equal(await get(one, 'f'), '1')
  const reads = async () => {
    await one.list('')
    await get(one, 'f')
    await get(one, 'nothing')
  }
  assert.deepEqual(await traffic(reads), { requests: 0, pushes: 0 })
  await put(one, 'g', '1')
  assert.deepEqual(await traffic(reads), { requests: 0, pushes: 0 })
  await put(other, 'f', '2', '1')
  assert.equal(await put(one, 'f', '3', '0'), 'conflict')
  assert.equal(await get(one, 'f'), '2')
})

test('files that are beside each other are fetched at once, and those of other folders are not', async () => {
  const one = await store('beside')
  const paths = ['changes/a/journal.jsonl', 'changes/a/request.json', 'changes/b/journal.jsonl', ...Array.from({ length: 17 }, (_, at) => `many/${at}`)]
  await one.commit(paths.map((path) => ({ path, bytes: bytes(`of ${path}`) })), 'all')
  const other = await store('beside')
  await other.exists()
  const reads = async (/** @type {string} */ path) => (await traffic(async () => assert.equal(await get(other, path), `of ${path}`))).requests
  assert.equal(await reads('changes/a/journal.jsonl'), 2)
  assert.equal(await reads('changes/a/request.json'), 0)
  assert.equal(await reads('changes/b/journal.jsonl'), 2)
  assert.equal(await reads('many/0'), 2)
  assert.equal(await reads('many/1'), 2, 'a folder of many files is not fetched whole')
})

test('ga3_the tip is asked for at first, and again after every write that was not taken', async () => {
  const [one, other] = [await store('fresh'), await store('fresh')]
  await put(other, 'f', '1')
  assert.ok((await traffic(() => one.exists())).requests > 0, 'at first')
  // It cannot be compared with what is there: nothing is written, and what is known is no longer new.
  github.fail({ kind: '502', path: /git-upload-pack/, times: 20 })
  await assert.rejects(put(one, 'f', '2', '1'))
  github.faults.clear()
  await put(other, 'f', '3', '1')
  assert.equal(await get(one, 'f'), '3', 'after one that failed')
  await put(other, 'f', '4', '3')
  assert.equal(await put(one, 'f', '5', '2'), 'conflict')
  assert.equal(await get(one, 'f'), '4', 'after a conflict')
  await put(other, 'f', '6', '4')
  github.fail({ kind: '403', path: /git-receive-pack/, times: 20 })
  assert.equal(await put(one, 'g', '1'), 'broken')
  github.faults.clear()
  assert.equal(await get(one, 'f'), '6', 'after one that may not be')
  await put(one, 'g', '1')
  assert.deepEqual(await traffic(() => get(one, 'g')), { requests: 0, pushes: 0 }, 'what was written is known')
})

test('only who knows what is there writes over it', async () => {
  const [one, other] = [await store('cas'), await store('cas')]
  assert.equal(await put(one, 'f', '1'), 'committed')
  assert.equal(await put(other, 'f', '2'), 'conflict')
  assert.equal(await put(other, 'f', '2', '0'), 'conflict')
  assert.equal(await put(other, 'f', '2', '1'), 'committed')
  assert.equal(await put(one, 'f', '3', '1'), 'conflict')
  assert.equal(await put(one, 'f', '3', '2'), 'committed')
})

test('of many who write the same file at once one succeeds, and of other files all', async () => {
  const many = await Promise.all(Array.from({ length: 5 }, () => store('many')))
  const same = await Promise.all(many.map((one) => put(one, 'same', 'equal bytes')))
  assert.deepEqual(same.sort(), ['committed', 'conflict', 'conflict', 'conflict', 'conflict'])
  const others = await Promise.all(many.map((one, index) => put(one, `other-${index}`, `${index}`)))
  assert.deepEqual(others, Array.from({ length: 5 }, () => 'committed'))
  many[0]?.refresh()
  assert.equal((await many[0]?.list('other-'))?.length, 5)
})

test('a write whose answer is lost is not made twice', async () => {
  const one = await store('lost')
  await put(one, 'f', 'first')
  let before = 'first'
  for (const kind of ['reset-after', '502-after', 'reset', '502', 'html', 'truncated']) {
    const rule = github.fail({ kind, method: 'POST', path: /git-receive-pack$/ })
    assert.equal(await put(one, 'f', kind, before), 'committed', kind)
    assert.equal(rule.fired, 1, kind)
    before = kind
  }
  assert.equal(github.world.bare(NAME).log(undefined, 'lost').length, 7)
  one.refresh()
  assert.equal(await get(one, 'f'), 'truncated')
})

test('a write whose answer is lost is unknown while nobody can look', async () => {
  const one = await store('unseen')
  await put(one, 'f', '1')
  github.fail({ kind: '502-after', method: 'POST', path: /git-receive-pack$/ })
  github.fail({ kind: '502', path: /service=git-upload-pack$/, times: 20 })
  assert.equal(await put(one, 'f', '2', '1'), 'unknown')
  github.faults.clear()
  assert.equal(await get(one, 'f'), '2')
})

test('a server that does not answer once is asked again', async () => {
  const one = await store('asked')
  await put(one, 'f', '1')
  for (const kind of ['500', '502', '429', '403-secondary', 'reset', 'html', 'truncated']) {
    const rule = github.fail({ kind, path: /\.git\// })
    one.refresh()
    assert.equal(await get(one, 'f'), '1', kind)
    assert.equal(rule.fired, 1, kind)
  }
})

test('a token that is not accepted is named, and stands in no message', async () => {
  const one = await store('plain', 'canary-token')
  await assert.rejects(get(one, 'f'), (error) => /does not accept the token/.test(String(error)) && !String(error).includes('canary'))
})

test('no path leads out of the ledger', async () => {
  const one = await store('plain')
  for (const path of ['', '/a', 'a/../b', '.git/config', 'a//b', 'a b', 'a\nb', 'a"b', 'x/'.repeat(9) + 'x']) {
    await assert.rejects(put(one, path, 'x'), /is not a path/)
  }
})

test('t68_what is fetched lies in a folder whose name nobody knows, and that nobody else may enter', async () => {
  const [one, other] = [await scratch(world), await scratch(world)]
  assert.notEqual(one.folder, other.folder)
  assert.deepEqual([dirname(one.folder), statSync(one.folder).mode & 0o777], [temporary, 0o700])
})
