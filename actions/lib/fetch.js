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
  const proxies = ['http_proxy', 'https_proxy'].some((name) => env[name] || env[name.toUpperCase()])
  const ca = authorities(env)
  if (!proxies && !ca) return fetch
  const tls = ca && { ca }
  const options = { connect: tls, requestTls: tls, proxyTls: tls }
  const dispatcher = proxies ? new undici.EnvHttpProxyAgent(options) : new undici.Agent(options)
  return /** @type {any} */ ((/** @type {any} */ url, /** @type {any} */ init) => undici.fetch(url, { ...init, dispatcher }))
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
