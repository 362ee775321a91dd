// @ts-check
// The people's verbs over HTTP, for tests that are not JavaScript: POST /_fake/<verb> with a JSON array of arguments.

/** @typedef {import('./server.js').GitHub} GitHub */

/** @type {Record<string, (github: GitHub, ...words: any[]) => any>} */
const VERBS = {
  state: ({ state }) => state,
  log: ({ log }) => log.map(({ body, answer, ...entry }) => ({ ...entry, body: body.toString('utf8') })),
  reset: (github) => github.reset(),
  fail: (github, rule) => void github.fail(rule),
  leaks: (github, secrets) => github.leaks(secrets),
  clock: ({ clock }, at) => (at === undefined ? clock.run() : clock.set(at)),
  advance: ({ clock }, seconds) => clock.advance(seconds),
};

const WORLD = ['user', 'forget', 'team', 'token', 'repository', 'commit'];
const PEOPLE = ['promotion', 'openPull', 'review', 'dismissReview', 'push', 'mergePull', 'label', 'unlabel', 'comment', 'close', 'reopen', 'edit', 'run', 'approveRun', 'attest'];

/** @param {GitHub} github @param {string} verb @param {Buffer} body @returns {import('./faults.js').Answer} */
export function command(github, verb, body) {
  const answer = (/** @type {number} */ status, /** @type {unknown} */ value) => ({
    status,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(value ?? null)),
  });
  try {
    const words = body.length ? JSON.parse(body.toString('utf8')) : [];
    const owner = /** @type {any} */ (WORLD.includes(verb) ? github.world : PEOPLE.includes(verb) ? github.people : undefined);
    if (owner) return answer(200, verb === 'repository' ? owner[verb](...words).directory : owner[verb](...words));
    const act = VERBS[verb];
    return act ? answer(200, act(github, ...words)) : answer(404, { message: `\`${verb}\` is not a verb` });
  } catch (problem) {
    return answer(400, { message: /** @type {Error} */ (problem).message });
  }
}
