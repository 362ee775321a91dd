// @ts-check
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, test } from 'node:test'
import { client } from '../../lib/http.js'

/** @type {{url: string | undefined, headers: any, body: string}[]} */
const seen = []
/** @type {(response: import('node:http').ServerResponse) => void} */
let answer = (response) => void response.end()
const server = createServer(async (request, response) => {
  let body = ''
  for await (const part of request) body += part
  seen.push({ url: request.url, headers: request.headers, body })
  answer(response)
})
/** @type {ReturnType<typeof client>} */ let http
before(async () => {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const { port } = /** @type {any} */ (server.address())
  http = client(fetch, `http://127.0.0.1:${port}/api/v3`, 'canary', 1)
})
after(() => {
  server.closeAllConnections()
  server.close()
})

test('an answer is told as it is, whatever its status', async () => {
  answer = (response) => void response.writeHead(418, { link: '<x>; rel="next"', 'x-other': 'y', 'content-type': 'text/html' }).end('<html>')
  const told = await http({ method: 'POST', path: '/repos/a/b/issues?x=1', headers: { accept: 'a/b', Authorization: 'mine' }, body: Buffer.from('{}') })
  assert.deepEqual(told, { response: 'answered', status: 418, headers: { 'content-type': 'text/html', link: '<x>; rel="next"' }, body: Buffer.from('<html>') })
  const { url, headers, body } = /** @type {any} */ (seen.at(-1))
  assert.deepEqual([url, headers.authorization, headers.accept, body], ['/api/v3/repos/a/b/issues?x=1', 'Bearer canary', 'a/b', '{}'])
})

test('a redirect is not followed', async () => {
  answer = (response) => void response.writeHead(302, { location: 'http://example.com/' }).end()
  const told = await http({ method: 'GET', path: '/x' })
  assert.deepEqual([told.response, /** @type {any} */ (told).status], ['answered', 302])
})

test('half an answer is no answer', async () => {
  answer = (response) => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('[{"id":', () => response.destroy())
  }
  assert.equal((await http({ method: 'GET', path: '/x' })).response, 'broken')
  answer = (response) => void response.destroy()
  assert.equal((await http({ method: 'GET', path: '/x' })).response, 'broken')
})

test('silence is no answer', async () => {
  answer = () => {}
  assert.deepEqual(await http({ method: 'GET', path: '/x' }), { response: 'broken', message: 'no whole answer within 1 seconds' })
})

test('nothing leads to another server', async () => {
  for (const path of ['@example.com/', '.example.com/x', '/../../x', '/../../../api/v4/x', 'x', 'http://example.com/']) {
    const asked = seen.length
    await assert.rejects(http({ method: 'GET', path }), path)
    assert.equal(seen.length, asked)
  }
})
