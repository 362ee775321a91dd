// @ts-check
/**
 * HTTP as this runner reaches servers: through the proxies of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, and with the private
 * authority of `SSL_CERT_FILE`. Node itself reads `NODE_EXTRA_CA_CERTS`, and neither of the others.
 */
import { readFileSync } from 'node:fs'
import { rootCertificates } from 'node:tls'
import * as undici from 'undici'
import { usage } from './failure.js'

/**
 * @param {Record<string, string | undefined>} env
 * @returns {typeof fetch}
 */
export function fetching(env) {
  const named = (/** @type {string} */ name) => env[name] || env[name.toUpperCase()] || ''
  const proxies = { 'http:': named('http_proxy'), 'https:': named('https_proxy') }
  const ca = authorities(env)
  if (!proxies['http:'] && !proxies['https:'] && !ca) return fetch
  const tls = ca && { ca }
  const through = (/** @type {string} */ proxy) => {
    if (proxy === '') return new undici.Agent({ connect: tls })
    const where = { httpProxy: proxy, httpsProxy: proxy, noProxy: named('no_proxy') }
    return new undici.EnvHttpProxyAgent(/** @type {any} */ ({ ...where, connect: tls, requestTls: tls, proxyTls: tls }))
  }
  const agents = { 'http:': through(proxies['http:']), 'https:': through(proxies['https:']) }
  return /** @type {any} */ ((/** @type {string | URL} */ url, /** @type {any} */ init) => {
    const { protocol } = new URL(url)
    return undici.fetch(url, { ...init, dispatcher: agents[/** @type {keyof typeof agents} */ (protocol)] })
  })
}

/** @param {Record<string, string | undefined>} env */
function authorities({ SSL_CERT_FILE: file, NODE_EXTRA_CA_CERTS: more }) {
  if (!file) return undefined
  try {
    return [...rootCertificates, ...[file, more].flatMap((path) => (path ? [readFileSync(path, 'utf8')] : []))]
  } catch {
    throw usage('the certificates that `SSL_CERT_FILE` or `NODE_EXTRA_CA_CERTS` names cannot be read', 'name a file in PEM format')
  }
}
