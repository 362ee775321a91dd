// @ts-check
// Where a secret is that should be nowhere.

import { gunzipSync } from 'node:zlib';

/** The forms in which a secret travels. @param {string} secret */
export function formsOf(secret) {
  const pair = Buffer.from(`x-access-token:${secret}`).toString('base64');
  const forms = [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64'), Buffer.from(secret).toString('hex'), pair];
  return [...new Set(forms.map((form) => form.replace(/=+$/, '')))];
}

/** Whether some bytes hold a secret, in any form. @param {Buffer | string} bytes @param {string} secret */
export function holds(bytes, secret) {
  const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  return formsOf(secret).some((form) => buffer.includes(form));
}

/** @param {string[]} secrets @param {import('./server.js').GitHub} github @returns {string[]} one line a place, without the secret */
export function findLeaks(secrets, { log, world }) {
  const { tokens, ...state } = world.state;
  const places = [
    { where: 'state', bytes: Buffer.from(JSON.stringify(state)) },
    ...Object.keys(state.repositories).map((name) => ({ where: `objects of ${name}`, bytes: world.bare(name).everything() })),
    ...Object.keys(state.repositories).map((name) => ({ where: `refs of ${name}`, bytes: Buffer.from(JSON.stringify(world.bare(name).refs('refs/'))) })),
    ...log.flatMap(({ n, method, path, headers, body, answer }) => [
      { where: `request ${n} ${method} ${path.split('?')[0]}: address`, bytes: Buffer.from(path) },
      { where: `request ${n} ${method}: headers`, bytes: Buffer.from(JSON.stringify(headers)) },
      { where: `request ${n} ${method}: body`, bytes: unzipped(body) },
      { where: `request ${n} ${method}: answer`, bytes: answer ?? Buffer.alloc(0) },
    ]),
  ];
  return secrets.flatMap((secret, at) => places.filter(({ bytes }) => holds(bytes, secret)).map(({ where }) => `secret ${at + 1} is in ${where}`));
}

/** @param {Buffer} body */
function unzipped(body) {
  try {
    return gunzipSync(body);
  } catch {
    return body;
  }
}
