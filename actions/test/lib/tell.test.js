// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { telling } from '../../lib/tell.js'

/** What a runner was told, all of it. */
function runner() {
  /** @type {string[]} */ const told = []
  /** @type {string[]} */ const masked = []
  const say = (/** @type {unknown[]} */ ...parts) => void told.push(JSON.stringify(parts))
  const summary = { addRaw: (/** @type {string} */ text) => (say(text), summary), write: async () => undefined }
  const core = /** @type {any} */ ({ info: say, notice: say, warning: say, error: say, setOutput: say, setSecret: (/** @type {string} */ value) => masked.push(value), summary })
  return { core, told, masked }
}

test('t68_no written form of a secret stands in anything that is shown', async () => {
  const secret = 'canary/"7f3a+9c'
  const writings = [
    secret,
    JSON.stringify(secret).slice(1, -1),
    encodeURIComponent(secret),
    Buffer.from(secret).toString('base64'),
    Buffer.from(`user:${secret}`).toString('base64url'),
    Buffer.from(secret).toString('hex'),
    secret.replaceAll('"', '&quot;')
  ]
  const { core, told, masked } = runner()
  const tell = telling(core, true)
  tell.secrets([secret])
  for (const writing of writings) {
    tell.told({ level: 'info', words: `a ${writing} b` })
    tell.output('x', writing)
    tell.warning(writing, writing)
    tell.error(writing, writing)
    const reason = { blocking: true, check: writing, entry: writing, message: `no \`${writing}\``, help: writing }
    const judgement = { ready: false, reasons: [reason], kind: 'standard', risk: { level: 'low', limit: 'low' }, category: 'normal' }
    const end = { outcome: 'not-ready', exit_code: 11, verdict: 'hold', message: writing, help: writing, details: [writing], judgement, commit: writing }
    await tell.report(end, { title: writing, url: writing })
    const seen = told.splice(0).join('\n')
    assert.match(seen, /\*\*\*/)
    // As JSON and HTML a quote is written otherwise: what comes before it and behind it must be gone as well.
    for (const part of [writing, 'canary', '7f3a']) assert.ok(!seen.includes(part), `${part} is in ${seen}`)
  }
  assert.deepEqual(masked, [secret])
})

test('what is no secret is shown as it is', async () => {
  const { core, told } = runner()
  const tell = telling(core, false)
  tell.secrets(['canary-token', ''])
  tell.line('“ready”: 100 % of a+b\tand \\n')
  assert.deepEqual(told, [JSON.stringify(['==> “ready”: 100 % of a+b\tand \\n'])])
})
