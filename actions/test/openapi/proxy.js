// @ts-check
// A proxy in front of the fake GitHub that holds both sides to GitHub's published OpenAPI description: a request that
// GitHub would not take is answered 422, an answer that GitHub would not give becomes 500, each with the reasons.
//
//   const proxy = await startProxy(github.apiUrl);   // installs what it needs into target/openapi the first time
//   ... GITHUB_API_URL=proxy.url ...
//   await proxy.stop();
//
// or as a process, which prints its URL: node actions/test/openapi/proxy.js http://127.0.0.1:1234/api/v3

import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { subset } from './subset.js';

const HERE = path.dirname(fileURLToPath(import.meta.url));
const TARGET = process.env.COUNTERSIGN_OPENAPI ?? path.resolve(HERE, '../../../target/openapi');
const DESCRIPTION = path.join(TARGET, 'subset.json');
const FULL = path.join(TARGET, 'node_modules/@octokit/openapi/generated');
const PATIENCE = 120_000;

/** Installs the proxy and the description below target/, once for each set of versions. */
export function install() {
  const [wanted, there] = [path.join(HERE, 'package-lock.json'), path.join(TARGET, 'installed-lock.json')];
  if (!same(wanted, there)) {
    fs.mkdirSync(TARGET, { recursive: true });
    for (const name of ['package.json', 'package-lock.json']) fs.copyFileSync(path.join(HERE, name), path.join(TARGET, name));
    const words = ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    const { status, stderr, error } = spawnSync('npm', words, { cwd: TARGET, encoding: 'utf8' });
    if (status !== 0) throw new Error(`npm ci in ${path.relative(process.cwd(), TARGET)}: ${error?.message ?? stderr}`);
    // Four fifths of the packages are descriptions of other GitHubs.
    for (const file of fs.readdirSync(FULL)) if (file !== 'api.github.com.json') fs.rmSync(path.join(FULL, file));
    fs.copyFileSync(wanted, there);
  }
  const description = JSON.parse(fs.readFileSync(path.join(FULL, 'api.github.com.json'), 'utf8'));
  fs.writeFileSync(DESCRIPTION, JSON.stringify(subset(description)));
}

/** @param {string} upstream the fake's `apiUrl` @returns {Promise<{ url: string, said: () => string, stop: () => Promise<void> }>} */
export async function startProxy(upstream) {
  install();
  const port = await freePort();
  const prism = path.join(TARGET, 'node_modules/@stoplight/prism-cli/dist/index.js');
  const words = [prism, 'proxy', '--errors', '--host', '127.0.0.1', '--port', String(port), DESCRIPTION, upstream];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const ended = new Promise((resolve) => child.on('close', resolve));
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`prism did not begin to listen: ${said}`)), PATIENCE);
    const hear = (/** @type {Buffer} */ chunk) => {
      said += chunk;
      if (said.includes('Prism is listening')) resolve(clearTimeout(timer));
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('close', () => reject(new Error(`prism ended: ${said}`)));
  });
  const stop = async () => {
    child.kill();
    await ended;
  };
  return { url: `http://127.0.0.1:${port}`, said: () => said, stop };
}

/** @param {string} one @param {string} other */
function same(one, other) {
  return fs.existsSync(one) && fs.existsSync(other) && fs.readFileSync(one).equals(fs.readFileSync(other));
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = /** @type {net.AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

if (process.argv[1] && fs.realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const proxy = await startProxy(process.argv[2] ?? '');
  process.stdout.write(`${proxy.url}\n`);
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => void proxy.stop().then(() => process.exit(0)));
}
