// @ts-check
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { asking } from '../../lib/ask.js'
import { start } from '../../lib/engine.js'
import { EXCHANGES, perform } from '../../lib/exchanges.js'
import { Refusal, unavailable } from '../../lib/failure.js'
import { secrets } from '../../lib/redact.js'

const folder = mkdtempSync(join(tmpdir(), 'exchanges-test-'))
after(() => rmSync(folder, { recursive: true, force: true }))
for (const name of ['evidence/deep', 'log']) mkdirSync(join(folder, name), { recursive: true })
writeFileSync(join(folder, 'secret'), 'of another folder')
writeFileSync(join(folder, 'evidence/b.json'), 'bb')
writeFileSync(join(folder, 'evidence/deep/a.json'), 'a')
writeFileSync(join(folder, 'evidence/.hidden'), 'x')
writeFileSync(join(folder, 'log/deploy.log'), 'with a canary-token')
symlinkSync(join(folder, 'secret'), join(folder, 'evidence/link'))
symlinkSync(folder, join(folder, 'evidence/up'))

const ask = asking(await start((url) => readFile(url)))
const places = new Map(['evidence', 'log'].map((name) => [name === 'log' ? 'log/deploy' : 'evidence/1', { folder: join(folder, name), input: name }]))
/** @param {object} [more] @returns {any} */
const host = (more) => ({ ask, places, hidden: secrets(['canary-token']), webhooks: new Map(), ...more })
/** @param {{exchange: string, [more: string]: any}} exchange @param {object} [more] @returns {Promise<any>} */
const performed = (exchange, more) => perform(host(more), exchange)
const text = (/** @type {string} */ digest) => Buffer.from(ask.take(digest)).toString()

test('these are the exchanges that the Actions perform: all of the contract but running commands', () => {
  const schema = JSON.parse(readFileSync(new URL('../../../plugin/schemas/v1/response.schema.json', import.meta.url), 'utf8'))
  const known = schema.$defs.SessionExchange.oneOf.map((/** @type {any} */ { properties }) => properties.exchange.const)
  assert.deepEqual([...Object.keys(EXCHANGES), 'run'].sort(), known.sort())
})

test('an exchange that this host does not perform is unsupported', async () => {
  for (const exchange of ['run', 'sign', 'constructor', '__proto__', '']) assert.deepEqual(await performed({ exchange }), { response: 'unsupported' }, exchange)
})

test('files are listed with their sizes, links are named and hidden files passed over', async () => {
  const files = [{ path: 'b.json', size: 2 }, { path: 'deep/a.json', size: 1 }]
  assert.deepEqual(await performed({ exchange: 'list', place: 'evidence/1' }), { response: 'listed', files, links: ['link', 'up'] })
})

test('files are read, and one that is not there is left out', async () => {
  const { files } = await performed({ exchange: 'read', place: 'evidence/1', paths: ['deep/a.json', 'nowhere'] })
  assert.deepEqual(files.map((/** @type {any} */ { path, digest }) => [path, text(digest)]), [['deep/a.json', 'a']])
})

test('t44_no link and no path leads out of a folder of evidence', async () => {
  for (const path of ['link', 'up/secret', '../secret', 'deep/../../secret']) {
    await assert.rejects(performed({ exchange: 'read', place: 'evidence/1', paths: [path] }), /leads out of its folder/, path)
  }
  const content = ask.give('x', Buffer.from('x')).digest
  await assert.rejects(performed({ exchange: 'write', place: 'evidence/1', path: '../secret', content }), /leads out of its folder/)
  assert.equal(readFileSync(join(folder, 'secret'), 'utf8'), 'of another folder')
})

test('a file is written whole', async () => {
  const content = ask.give('x', Buffer.from('new')).digest
  assert.deepEqual(await performed({ exchange: 'write', place: 'evidence/1', path: 'new/file.json', content }), { response: 'written' })
  assert.equal(readFileSync(join(folder, 'evidence/new/file.json'), 'utf8'), 'new')
})

test('t72_output is given to the engine without secrets', async () => {
  const { files } = await performed({ exchange: 'read', place: 'log/deploy', paths: ['deploy.log'] })
  assert.equal(text(files[0].digest), 'with a ***')
})

test('what cannot be reached the engine is told, and what nobody configured is a defect', async () => {
  const ledger = { list: async () => Promise.reject(unavailable('git cannot reach it')) }
  const asked = { exchange: 'ledger', store: 'ledger', prefix: '' }
  assert.deepEqual(await performed(asked, { ledger }), { response: 'broken', message: 'git cannot reach it' })
  const defect = (/** @type {unknown} */ error) => error instanceof Refusal && error.exitCode === 1
  await assert.rejects(performed(asked), defect)
  await assert.rejects(performed({ exchange: 'list', place: 'nowhere' }), defect)
  await assert.rejects(performed({ exchange: 'tree', repository: 'inventory', commit: 'a' }), defect)
})

test('of several requests each has its answer, in their order', async () => {
  const http = async (/** @type {any} */ { path }) =>
    path === '/lost' ? { response: 'broken', message: 'lost' } : { response: 'answered', status: 200, headers: {}, body: Buffer.from(path) }
  const requests = ['/a', '/lost', '/b'].map((path) => ({ method: 'GET', path }))
  const { answers } = await performed({ exchange: 'http', system: 'github', requests }, { http })
  assert.deepEqual(answers.map((/** @type {any} */ { status, body, message }) => message ?? [status, text(body)]), [[200, '/a'], 'lost', [200, '/b']])
})

test('pc9_the url of a webhook is in no answer', async () => {
  /** @type {string[]} */ const posted = []
  const fetch = async (/** @type {string} */ url) => {
    posted.push(url)
    if (url.endsWith('lost')) throw new Error(`cannot reach ${url}`)
    return new Response(null, { status: 503 })
  }
  const webhooks = new Map([['ops', 'https://hooks.example.com/canary'], ['lost', 'https://hooks.example.com/lost']])
  const body = ask.give('x', Buffer.from('{}')).digest
  const post = (/** @type {string} */ channel) => performed({ exchange: 'http', system: `webhook/${channel}`, requests: [{ method: 'POST', path: '', body }] }, { webhooks, world: { fetch } })
  const told = [await post('ops'), await post('lost'), await post('nobody')]
  assert.deepEqual(told.map(({ response, answers }) => answers?.[0].status ?? answers?.[0].answer ?? response), [503, 'broken', 'broken'])
  assert.deepEqual(posted, [...webhooks.values()])
  assert.ok(!JSON.stringify(told).includes('hooks.example.com'))
})

test('ga3_after a wait ledger and inventory are read anew', async () => {
  let refreshed = 0
  const clock = { until: async () => {} }
  const store = { refresh: () => void (refreshed += 1) }
  assert.deepEqual(await performed({ exchange: 'wait', until: '2030-01-01T00:00:00Z', why: 'x' }, { clock, ledger: store, inventory: store }), { response: 'waited' })
  assert.equal(refreshed, 2)
})
