// @ts-check
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { approvals, inputs, run, supplied, system, target, waiting, webhooks } from '../../lib/settings.js'

/** @param {Record<string, string>} values */
const given = (values) => inputs((name) => values[name] ?? '')
const ENV = { GITHUB_REPOSITORY: 'acme/shop', GITHUB_SERVER_URL: 'https://github.com', GITHUB_API_URL: 'https://api.github.com' }

test('an input that is missing is named, with what to do', () => {
  assert.throws(() => target(given({ purpose: 'production' })), /the input `environment` is missing/)
  assert.throws(() => system(given({}), ENV), /the input `token` is missing/)
})

test('an input that is wrong is named, with what it is', () => {
  assert.throws(() => given({ wait: 'ten' }).count('wait', 0), /the input `wait` is `ten`/)
  assert.throws(() => given({ fail: 'yes' }).flag('fail'), /the input `fail` is `yes`/)
  assert.throws(() => target(given({ environment: 'prod', purpose: 'prod' })), /the input `purpose` is `prod`/)
  assert.throws(() => system(given({ token: 't', 'change-system': 'jira' }), ENV), /the input `change-system` is `jira`/)
})

test('po6_what the policy declares need not be given', () => {
  const told = target(given({ environment: 'prod' }))
  assert.deepEqual(JSON.parse(JSON.stringify(told)), { environment: 'prod' })
  for (const name of ['region', 'branch', 'staging']) {
    assert.throws(() => target(given({ environment: 'prod', [name]: '--x' })), (error) => String(error).includes(`the input \`${name}\` is`))
  }
})

test('a wait is bounded, and looks again after a while', () => {
  assert.equal(waiting(given({ wait: '0' })), undefined)
  assert.deepEqual(waiting(given({ wait: '60' })), { seconds: 60, interval_seconds: 15 })
  assert.throws(() => waiting(given({ wait: '60', 'wait-interval': '1' })), /`wait-interval`/)
})

test('no repository leads out of the API', () => {
  for (const repository of ['acme', 'acme/../x', 'a/b/c', 'acme/..', 'acme/x?y', '-/\n']) {
    assert.throws(() => system(given({ token: 't', repository }), ENV), /`repository`/)
  }
  assert.equal(system(given({ token: 't' }), ENV).repository, 'acme/shop')
})

test('a server is https, or this machine', () => {
  assert.throws(() => system(given({ token: 't' }), { ...ENV, GITHUB_API_URL: 'http://api.example.com' }), /no https URL/)
  assert.equal(system(given({ token: 't' }), { ...ENV, GITHUB_API_URL: 'http://127.0.0.1:1/' }).api, 'http://127.0.0.1:1')
})

test('ex1_an_empty_id_is_an_error_and_notAvailable_is_none', () => {
  assert.throws(() => supplied(given({})), /`change-request-id` is empty/)
  assert.equal(supplied(given({ 'change-request-id': 'notAvailable' })), undefined)
  assert.equal(supplied(given({ 'change-request-id': ' CR-1 ' })), 'CR-1')
})

test('the run is the one that GitHub says', () => {
  const env = { ...ENV, GITHUB_RUN_ID: '7', GITHUB_ACTOR: 'mona', GITHUB_ACTOR_ID: '5', GITHUB_WORKFLOW: 'deploy' }
  assert.deepEqual(run(env), {
    id: '7',
    url: 'https://github.com/acme/shop/actions/runs/7',
    actor: { id: '5', login: 'mona' },
    pipeline: 'deploy'
  })
})

test('cr3_reviews_count_of_the_environment_that_is_named_in_this_run', () => {
  const env = { ...ENV, GITHUB_RUN_ID: '7' }
  const told = (/** @type {Record<string, string>} */ values) => approvals(given(values), env, system(given({ token: 't', ...values }), env))
  assert.equal(told({}), undefined)
  assert.deepEqual(told({ 'approval-environment': ' prod ' }), { environment: 'prod', run: 7, repository: 'acme/shop' })
  assert.throws(() => told({ 'approval-environment': 'prod', 'change-system': 'ledger' }), /`change-system` is `ledger`/)
  assert.throws(() => told({ 'approval-environment': 'a\u0007b' }), /the input `approval-environment` is/)
})

test('pc9_a_webhook_is_a_variable_and_its_url_is_in_no_message', () => {
  const env = { HOOK: 'http://hooks.example.com/canary', OK: 'https://hooks.example.com/x' }
  assert.deepEqual([...webhooks(given({ webhooks: 'ops=OK\n' }), env)], [['ops', 'https://hooks.example.com/x']])
  for (const line of ['ops=HOOK', 'ops=NOPE', 'https://hooks.example.com/canary']) {
    assert.throws(() => webhooks(given({ webhooks: line }), env), (error) => !String(error).includes('canary'))
  }
})
