// @ts-check
/**
 * The comment on a pull request that updates itself: one for each target. Trouble with it never changes an outcome.
 */
import { readFile } from 'node:fs/promises'
import { label } from './settings.js'
import { page } from './summary.js'

/** Characters of a comment at most are 65 536; bytes are never fewer. */
const COMMENT_MAX = 60_000
/** Pages of comments at most. */
const PAGES_MAX = 100

/**
 * @param {import('./host.js').Host} host
 * @param {{environment: string, region?: string}} target
 * @param {import('./session.js').End} end
 * @param {import('./summary.js').Where} where
 */
export async function comment(host, target, end, where) {
  const number = await pullRequest(host.env)
  if (number === undefined) return
  const marker = `<!-- countersign assessment of ${Buffer.from(label(target)).toString('base64')} -->`
  const body = `${marker}\n${page(`Assessment of ${label(target)}`, host.tell.cleaned(end), where, COMMENT_MAX)}`
  try {
    const { http, system } = host
    const issues = `/repos/${system.repository}/issues`
    const before = await earlier(host, `${issues}/${number}/comments`, marker)
    const [method, path] = before ? ['PATCH', `${issues}/comments/${before}`] : ['POST', `${issues}/${number}/comments`]
    const answer = await http({ method, path, headers: HEADERS, body: Buffer.from(JSON.stringify({ body })) })
    insist(answer)
    host.tell.line(`commented on pull request ${number}`)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    host.tell.line(`the pull request has no comment of this: ${why}; the job needs \`pull-requests: write\``)
  }
}

const HEADERS = {
  accept: 'application/vnd.github+json',
  'content-type': 'application/json',
  'x-github-api-version': '2022-11-28'
}

/**
 * The id of our own comment with this marker. Anybody can write the marker, so whose comment it is counts.
 * @param {import('./host.js').Host} host
 * @param {string} comments
 * @param {string} marker
 */
async function earlier(host, comments, marker) {
  const me = await host.http({ method: 'GET', path: '/user', headers: HEADERS })
  const login = me.response === 'answered' && me.status === 200 ? JSON.parse(me.body.toString()).login : undefined
  // The token of a job has no user: then it is one of GitHub's own bots.
  const ours = (/** @type {any} */ user) => (login ? user?.login === login : user?.type === 'Bot')
  for (let page = 1; page <= PAGES_MAX; page += 1) {
    const answer = insist(await host.http({ method: 'GET', path: `${comments}?per_page=100&page=${page}`, headers: HEADERS }))
    const found = JSON.parse(answer.body.toString())
    const mine = found.find((/** @type {any} */ { user, body }) => ours(user) && body?.startsWith(marker))
    if (mine) return Number(mine.id)
    if (!/rel="next"/.test(answer.headers.link ?? '')) return undefined
  }
  return undefined
}

/**
 * @param {import('./http.js').Answer} answer
 */
function insist(answer) {
  if (answer.response === 'broken') throw new Error(answer.message)
  if (answer.status >= 200 && answer.status < 300) return answer
  throw new Error(`GitHub answered ${answer.status}`)
}

/**
 * The number of the pull request that this run is about.
 * @param {Record<string, string | undefined>} env
 * @returns {Promise<number | undefined>}
 */
export async function pullRequest(env) {
  if (!env.GITHUB_EVENT_NAME?.startsWith('pull_request') || !env.GITHUB_EVENT_PATH) return undefined
  const event = JSON.parse(await readFile(env.GITHUB_EVENT_PATH, 'utf8'))
  return Number.isInteger(event.pull_request?.number) ? event.pull_request.number : undefined
}
