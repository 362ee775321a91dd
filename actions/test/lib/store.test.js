// @ts-check
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { digestOf } from '../../lib/engine.js'
import { gitStore } from '../../lib/store.js'
import { start } from '../github/server.js'

const github = await start({})
const scratch = mkdtempSync(join(tmpdir(), 'store-test-'))
github.world.repository('acme/inventory', { branch: 'main', files: { a: 'b' }, by: 'alice' })
after(async () => {
  await github.stop()
  rmSync(scratch, { recursive: true, force: true })
})

let stores = 0
const world = {
  env: { ...process.env, COUNTERSIGN_PATIENCE: '2' },
  spawn,
  sleep: (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms / 20)),
  random: Math.random,
  system: () => 1_900_000_000_000
}

/** @param {string} branch */
function store(branch, token = github.token) {
  const url = `${github.url}/acme/inventory.git`
  return gitStore(/** @type {any} */ (world), join(scratch, `${(stores += 1)}`), { url, token, branch, place: '' })
}

const bytes = (/** @type {string} */ text) => Buffer.from(text)

test('a file is there after it was put, and for everybody', async () => {
  const [one, other] = [await store('plain'), await store('plain')]
  assert.equal(await other.get('changes/a/journal.jsonl'), undefined)
  assert.equal(await one.put('changes/a/journal.jsonl', bytes('x\n')), 'stored')
  assert.equal(await one.put('changes/a/empty', bytes('')), 'stored')
  assert.equal(await other.get('changes/a/journal.jsonl'), undefined)
  other.refresh()
  assert.deepEqual(await other.get('changes/a/journal.jsonl'), { bytes: bytes('x\n'), digest: digestOf(bytes('x\n')) })
  assert.deepEqual(await other.list('changes/'), ['changes/a/empty', 'changes/a/journal.jsonl'])
  assert.deepEqual(await other.list('changes/b'), [])
})

test('only who knows what is there writes over it', async () => {
  const [one, other] = [await store('cas'), await store('cas')]
  assert.equal(await one.put('f', bytes('1')), 'stored')
  assert.equal(await other.put('f', bytes('2')), 'conflict')
  assert.equal(await other.put('f', bytes('2'), digestOf(bytes('0'))), 'conflict')
  assert.equal(await other.put('f', bytes('2'), digestOf(bytes('1'))), 'stored')
  assert.equal(await one.put('f', bytes('3'), digestOf(bytes('1'))), 'conflict')
  assert.equal(await one.put('f', bytes('3'), digestOf(bytes('2'))), 'stored')
})

test('of many who write the same file at once one succeeds, and of other files all', async () => {
  const many = await Promise.all(Array.from({ length: 5 }, () => store('many')))
  const same = await Promise.all(many.map((one) => one.put('same', bytes('equal bytes'))))
  assert.deepEqual(same.sort(), ['conflict', 'conflict', 'conflict', 'conflict', 'stored'])
  const others = await Promise.all(many.map((one, index) => one.put(`other-${index}`, bytes(`${index}`))))
  assert.deepEqual(others, Array.from({ length: 5 }, () => 'stored'))
  many[0]?.refresh()
  assert.equal((await many[0]?.list('other-'))?.length, 5)
})

test('a write whose answer is lost is not made twice', async () => {
  const one = await store('lost')
  await one.put('f', bytes('1'))
  for (const kind of ['reset-after', '502-after', 'reset', '502', 'html', 'truncated']) {
    const rule = github.fail({ kind, method: 'POST', path: /git-receive-pack$/ })
    const now = await one.get('f')
    assert.equal(await one.put('f', bytes(kind), now?.digest), 'stored', kind)
    assert.equal(rule.fired, 1, kind)
  }
  const commits = github.world.bare('acme/inventory')
  assert.ok(commits.ref('refs/heads/lost'))
  one.refresh()
  assert.equal((await one.get('f'))?.bytes.toString(), 'truncated')
})

test('a server that does not answer once is asked again', async () => {
  const one = await store('asked')
  await one.put('f', bytes('1'))
  for (const kind of ['500', '502', '429', '403-secondary', 'reset', 'html', 'truncated']) {
    const rule = github.fail({ kind, path: /\.git\// })
    one.refresh()
    assert.equal((await one.get('f'))?.bytes.toString(), '1', kind)
    assert.equal(rule.fired, 1, kind)
  }
})

test('a token that is not accepted is named, and stands in no message', async () => {
  const one = await store('plain', 'canary-token')
  await assert.rejects(one.get('f'), (error) => /does not accept the token/.test(String(error)) && !String(error).includes('canary'))
})

test('no path leads out of the store', async () => {
  const one = await store('plain')
  for (const path of ['', '/a', 'a/../b', '.git/config', 'a//b', 'a b', 'a\nb', 'a"b', 'x/'.repeat(9) + 'x']) {
    await assert.rejects(one.put(path, bytes('x')), /is not a path/)
  }
})
