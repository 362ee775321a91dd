// @ts-check
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fetching } from '../../lib/fetch.js'
import { remote } from '../../lib/remote.js'
import { start } from '../github/server.js'

const folder = mkdtempSync(join(tmpdir(), 'fetch-test-'))
const github = await start({})
github.world.repository('acme/inventory', { branch: 'main', files: { a: 'b' }, by: 'alice' })

/** Where the proxy was asked to go. @type {string[]} */
const led = []
const proxy = createServer((asked, answer) => {
  led.push(asked.url ?? '')
  const { host } = new URL(asked.url ?? '')
  const [hostname, port] = host.split(':')
  asked.pipe(request({ hostname, port, path: asked.url?.slice(asked.url.indexOf('/', 8)), method: asked.method, headers: asked.headers }, (found) => {
    answer.writeHead(found.statusCode ?? 500, found.headers)
    found.pipe(answer)
  }))
})
proxy.on('connect', (asked, socket) => {
  led.push(asked.url ?? '')
  const [host, port] = (asked.url ?? '').split(':')
  const there = connect(Number(port), host, () => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
    there.pipe(socket).pipe(there)
  })
  for (const end of [there, socket]) end.on('error', () => socket.destroy())
})

const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', key, '-out', certificate], { stdio: 'pipe' })
const tls = createTlsServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (_, answer) => void answer.end('private'))

/** @param {import('node:net').Server} server */
const listening = (server) => new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(/** @type {any} */ (server.address()).port)))
const [through, secured] = [`http://127.0.0.1:${await listening(proxy)}`, `https://127.0.0.1:${await listening(tls)}`]
after(async () => {
  for (const server of [proxy, tls]) {
    server.closeAllConnections()
    server.close()
  }
  await github.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** The places that the proxy leads to while `act` runs. @param {() => Promise<unknown>} act */
async function proxied(act) {
  led.length = 0
  await act()
  return led.length > 0
}

test('requests go through the proxy of the runner, but for those that it excepts', async () => {
  const ask = async (/** @type {Record<string, string>} */ env) => assert.equal((await fetching(env)(`${github.url}/api/v3/repos/acme/inventory`)).status, 401)
  for (const env of [{ http_proxy: through }, { HTTP_PROXY: through }]) assert.ok(await proxied(() => ask(/** @type {any} */ (env))), JSON.stringify(env))
  for (const env of [{}, { HTTPS_PROXY: through }, { HTTP_PROXY: through, NO_PROXY: '127.0.0.1' }]) assert.ok(!(await proxied(() => ask(/** @type {any} */ (env)))), JSON.stringify(env))
})

test('a server of a private authority is trusted where `SSL_CERT_FILE` names it, behind a proxy too', async () => {
  await assert.rejects(fetching({})(secured))
  for (const env of [{ SSL_CERT_FILE: certificate }, { SSL_CERT_FILE: certificate, HTTPS_PROXY: through }]) {
    assert.equal(await (await fetching(env)(secured)).text(), 'private')
  }
  assert.throws(() => fetching({ SSL_CERT_FILE: join(folder, 'nowhere') }), /cannot be read/)
})

/** What git says of a server. @param {Record<string, string>} env @param {string} url */
async function refs(env, url) {
  const world = { env: { PATH: process.env.PATH, RUNNER_TEMP: folder, COUNTERSIGN_PATIENCE: '2', ...env }, spawn, sleep: async () => {}, random: Math.random }
  return (await remote(world, { url, token: github.token })).refs()
}

test('git goes through the proxy of the runner, or of its user', async () => {
  const url = `${github.url}/acme/inventory.git`
  writeFileSync(join(folder, '.gitconfig'), `[http]\n\tproxy = ${through}\n[url "ext::false "]\n\tinsteadOf = ${github.url}\n`)
  for (const env of [{ http_proxy: through }, { HOME: folder }]) {
    assert.ok(await proxied(async () => assert.ok((await refs(/** @type {any} */ (env), url)).has('refs/heads/main'))), JSON.stringify(env))
  }
  assert.ok(!(await proxied(() => refs({ http_proxy: through, no_proxy: '127.0.0.1' }, url))))
})

test('git trusts a private authority however it is named', async () => {
  const about = async (/** @type {Record<string, string>} */ env) => String(await refs(env, `${secured}/acme/inventory.git`).catch((error) => error.message))
  assert.match(await about({}), /certificate/)
  writeFileSync(join(folder, '.gitconfig'), `[http]\n\tsslCAInfo = ${certificate}\n`)
  for (const env of [{ GIT_SSL_CAINFO: certificate }, { SSL_CERT_FILE: certificate }, { NODE_EXTRA_CA_CERTS: certificate }, { HOME: folder }]) {
    // It answered, though not as git does: that is not a repository in which nothing was recorded.
    assert.match(await about(/** @type {any} */ (env)), /shows no branch/, JSON.stringify(env))
  }
})
