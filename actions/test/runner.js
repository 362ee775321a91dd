// @ts-check
// A runner: starts an action exactly as GitHub does, and tells what it said, in the runner's understanding.
//
//   const job = new Job({ github, run: { repository: 'acme/inventory', sha, ref: 'refs/heads/prod' } });
//   job.checkout();
//   const open = await job.action('open', { inputs: { environment: 'prod' } });
//   open.outcome, open.outputs, open.summary, open.annotations, open.log
//   await job.end();                                // post steps, in reverse order
//   job.leaks(['the secret']);                      // where it is that it should not be
//   job.clean();

import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parse } from 'yaml';
import { Listener, Masks } from './runner/commands.js';
import { context, environment } from './runner/context.js';
import { substitute } from './runner/expression.js';
import { pairs, SUMMARY_LIMIT } from './runner/files.js';
import { ISOLATED } from './github/git.js';
import { holds } from './github/leaks.js';

const ACTIONS = fileURLToPath(new URL('..', import.meta.url));
const FAST = pathToFileURL(fileURLToPath(new URL('./runner/fast.js', import.meta.url))).href;
const FILES = ['output', 'env', 'state', 'step_summary', 'path'];
const TIME_LIMIT = 120_000;

/** @typedef {{ exitCode: number | null, outcome: 'success' | 'failure', outputs: Record<string, string>, state: Record<string, string>,
 *   env: Record<string, string>, summary: string, annotations: import('./runner/commands.js').Annotation[], dropped: number,
 *   commands: import('./runner/commands.js').Command[], errors: string[], undeclared: string[], log: string, stdout: string, stderr: string }} Result
 *   `dropped`: annotations over the limit; `errors`: what the runner refused; `undeclared`: outputs that are not in action.yml;
 *   `log`: what people see, masked */
/** @typedef {{ inputs?: Record<string, string>, env?: Record<string, string>, limit?: number }} With */
/** @typedef {{ github: import('./github/server.js').GitHub, run?: import('./runner/context.js').Run, node?: string, token?: string,
 *   speed?: number, now?: string, env?: Record<string, string>, actions?: string, apiUrl?: string }} Options
 *   `node`: a binary (see `nodes`); `speed`, `now`: how much faster waits are, and when the job begins; `apiUrl`: of a proxy */

/** The Node binaries that actions are tested on: this one, and the `node` package's, when it is installed. */
export function nodes() {
  const packaged = path.join(ACTIONS, 'node_modules/node/bin/node');
  const found = [process.execPath, ...(fs.existsSync(packaged) ? [packaged] : [])];
  return found
    .map((file) => ({ file, version: execFileSync(file, ['--version'], { encoding: 'utf8' }).trim() }))
    .filter(({ version }, at, all) => all.findIndex((each) => each.version.split('.')[0] === version.split('.')[0]) === at);
}

/** One job: a workspace, a home, a temporary folder; the steps share what the runner shares. */
export class Job {
  /** @param {Options} options */
  constructor({ github, run = {}, node = process.execPath, token = github.token, speed, now, env = {}, actions = ACTIONS, apiUrl = github.apiUrl }) {
    this.root = fs.mkdtempSync(path.join(os.tmpdir(), 'fake-job-'));
    this.folder = (/** @type {string} */ name) => path.join(this.root, name);
    for (const name of ['home', 'temp', 'work', 'tools', 'bin']) fs.mkdirSync(this.folder(name));
    this.node = node;
    this.actions = actions;
    this.given = env;
    this.fast = speed !== undefined || now !== undefined;
    this.speed = speed ?? 1;
    this.clock = github.clock;
    /** How far this job's clock is ahead of the machine's, in milliseconds: waits that were cut short move it. */
    this.ahead = now === undefined ? github.clock.ahead : Date.parse(now) - Date.now();
    const eventPath = this.folder('temp/event.json');
    fs.writeFileSync(eventPath, JSON.stringify(run.event ?? {}));
    const { world } = github;
    this.github = context(run, {
      serverUrl: github.url,
      apiUrl,
      token,
      workspace: this.folder('work'),
      eventPath,
      idOf: (login) => world.known(login).id,
      repositoryId: world.state.repositories[run.repository ?? 'acme/inventory']?.id ?? 0,
    });
    this.repositories = github.root;
    this.masks = new Masks();
    this.masks.add(token);
    /** What steps put into GITHUB_ENV and GITHUB_PATH. @type {Record<string, string>} */
    this.env = {};
    /** @type {string[]} */
    this.path = [];
    /** @type {(() => Promise<Result>)[]} */
    this.posts = [];
    /** @type {Result[]} */
    this.results = [];
    this.spy();
  }

  /** Every git command line, so that a test can see that no secret was in one. */
  get gitCalls() {
    const file = this.folder('git-calls');
    return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  }

  spy() {
    const git = execFileSync('sh', ['-c', 'command -v git'], { encoding: 'utf8' }).trim();
    const note = `printf '%s\\n' "$(printf '%s ' "$@" | tr '\\n' ' ')" >> '${this.folder('git-calls')}'`;
    const line = `#!/bin/sh\n${note}\nexec '${git}' "$@"\n`;
    fs.writeFileSync(this.folder('bin/git'), line, { mode: 0o755 });
  }

  /** What actions/checkout with fetch-depth 0 leaves behind. It keeps its credentials in the clone, as it does by default.
   * @param {{ repository?: string, ref?: string, path?: string, persistCredentials?: boolean }} [wish] */
  checkout({ repository = this.github.repository, ref = this.github.sha, path: below = '.', persistCredentials = true } = {}) {
    const folder = path.join(this.folder('work'), below);
    const server = this.github.server_url;
    const header = `AUTHORIZATION: basic ${Buffer.from(`x-access-token:${this.github.token}`).toString('base64')}`;
    const git = (/** @type {string[]} */ ...words) => execFileSync('git', ['-C', folder, ...words], { env: { ...ISOLATED, HOME: this.folder('home') }, encoding: 'utf8' });
    fs.mkdirSync(folder, { recursive: true });
    git('init', '-q', '.');
    git('remote', 'add', 'origin', `${server}/${repository}`);
    git('config', '--local', 'gc.auto', '0');
    // The clone reads the bare repository itself: a synchronous child cannot talk to a server in this process.
    git('fetch', '-q', '--tags', path.join(this.repositories, `${repository}.git`), '+refs/heads/*:refs/remotes/origin/*');
    const branch = this.github.ref_type === 'branch' && ref === this.github.sha ? this.github.ref_name : undefined;
    git('checkout', '-q', '--force', ...(branch ? ['-B', branch, ref] : [ref]));
    if (persistCredentials) git('config', '--local', `http.${server}/.extraheader`, header);
    return folder;
  }

  /**
   * Runs an action's `pre` and `main`; its `post` waits for `end`. Name: a folder of `actions`, or '.' for the root action.
   * @param {string} name @param {With} [how] @returns {Promise<Result>}
   */
  async action(name, { inputs = {}, env = {}, limit = TIME_LIMIT } = {}) {
    const folder = path.resolve(this.actions, name === '.' ? '..' : name);
    const manifest = readManifest(folder);
    const given = this.inputs(manifest, inputs);
    /** @type {Record<string, string>} */
    const state = {};
    const stage = async (/** @type {string} */ script) => {
      const result = await this.stage(path.resolve(folder, script), { ...env, ...given, ...stated(state) }, limit);
      Object.assign(state, result.state);
      this.results.push(result);
      return result;
    };
    const { pre, main, post } = manifest.runs;
    if (pre) {
      const result = await stage(pre);
      if (result.outcome === 'failure') return result;
    }
    if (post) this.posts.push(() => stage(post));
    const result = await stage(main);
    result.undeclared = Object.keys(result.outputs).filter((output) => !manifest.outputs?.[output]);
    return result;
  }

  /** Runs the post steps, last first. */
  async end() {
    const results = [];
    for (const post of this.posts.reverse()) results.push(await post());
    this.posts = [];
    return results;
  }

  /** @param {Manifest} manifest @param {Record<string, string>} wanted */
  inputs({ inputs = {} }, wanted) {
    /** @type {Record<string, string>} */
    const env = {};
    const unknown = Object.keys(wanted).find((name) => !Object.keys(inputs).some((each) => each.toLowerCase() === name.toLowerCase()));
    if (unknown !== undefined) throw new Error(`input \`${unknown}\` is not in action.yml`);
    const contexts = { github: this.github, job: { status: 'success' }, runner: { temp: this.folder('temp'), os: 'Linux' }, strategy: {}, matrix: {} };
    const defaults = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, substitute(String(input?.default ?? ''), contexts)]));
    for (const [name, value] of Object.entries({ ...defaults, ...wanted })) env[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`] = String(value);
    return env;
  }

  /** @param {string} script @param {Record<string, string>} env @param {number} limit @returns {Promise<Result>} */
  async stage(script, env, limit) {
    const commands = this.folder('temp/_runner_file_commands');
    fs.mkdirSync(commands, { recursive: true });
    const suffix = randomUUID();
    const files = Object.fromEntries(FILES.map((name) => [name, path.join(commands, `${name}_${suffix}`)]));
    for (const file of Object.values(files)) fs.writeFileSync(file, '');
    const listener = new Listener(this.masks);
    const said = await this.spawn(script, { ...this.base(files), ...this.env, ...env, ...this.fixed(files) }, listener, limit);
    const result = this.read(files, listener);
    const outcome = said.exitCode === 0 && listener.errors.length === 0 ? 'success' : 'failure';
    return { ...said, outcome, ...result, annotations: listener.annotations, dropped: listener.dropped, commands: listener.commands, errors: listener.errors, undeclared: [], log: listener.log.join('\n') };
  }

  /** The environment of every step. @param {Record<string, string>} files */
  base(files) {
    return {
      PATH: [...[...this.path].reverse(), this.folder('bin'), path.dirname(this.node), process.env.PATH ?? ''].join(':'),
      HOME: this.folder('home'),
      LANG: 'C.UTF-8',
      CI: 'true',
      TMPDIR: this.folder('temp'),
      ...this.given,
      ...this.fixed(files),
    };
  }

  /** What no step can change. @param {Record<string, string>} files */
  fixed(files) {
    const runner = { OS: 'Linux', ARCH: 'X64', NAME: 'fake', ENVIRONMENT: 'github-hosted', TEMP: this.folder('temp'), TOOL_CACHE: this.folder('tools'), WORKSPACE: this.root };
    return {
      ...environment(this.github),
      ...Object.fromEntries(Object.entries(files).map(([name, file]) => [`GITHUB_${name.toUpperCase()}`, file])),
      ...Object.fromEntries(Object.entries(runner).map(([name, value]) => [`RUNNER_${name}`, value])),
      GITHUB_ACTIONS: 'true',
    };
  }

  /** @param {string} script @param {Record<string, string>} env @param {Listener} listener @param {number} limit */
  async spawn(script, env, listener, limit) {
    const file = this.folder(`clock-${randomUUID()}`);
    const fast = this.fast ? { FAKE_SPEED: String(this.speed), FAKE_AHEAD: String(this.ahead), FAKE_CLOCK: file } : {};
    const words = [...(this.fast ? ['--import', FAST] : []), script];
    const child = spawn(this.node, words, { cwd: this.folder('work'), env: { ...env, ...fast }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    const said = { stdout: '', stderr: '' };
    for (const name of /** @type {const} */ (['stdout', 'stderr'])) {
      const lines = new Lines((line) => listener.hear(line));
      child[name].on('data', (chunk) => (said[name] += lines.take(chunk)));
      child[name].on('end', () => lines.end());
    }
    const timer = setTimeout(() => {
      listener.errors.push(`still running after ${limit} ms`);
      endGroup(child.pid);
    }, limit);
    const exitCode = await new Promise((resolve, reject) => child.on('close', resolve).on('error', reject));
    clearTimeout(timer);
    endGroup(child.pid);
    if (fs.existsSync(file)) {
      this.ahead = Number(fs.readFileSync(file, 'utf8'));
      this.clock.catchUp(this.ahead);
    }
    return { exitCode: /** @type {number | null} */ (exitCode), ...said };
  }

  /** Reads what the step wrote for the runner. @param {Record<string, string>} files @param {Listener} listener */
  read(files, listener) {
    const text = (/** @type {string} */ name) => {
      const file = files[name] ?? '';
      return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
    };
    const named = (/** @type {string} */ name) => {
      try {
        return Object.fromEntries(pairs(text(name)));
      } catch (problem) {
        listener.errors.push(`Unable to process file command '${name}' successfully. ${/** @type {Error} */ (problem).message}`);
        return {};
      }
    };
    const env = named('env');
    if ('NODE_OPTIONS' in env) listener.errors.push("Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.");
    delete env.NODE_OPTIONS;
    Object.assign(this.env, env);
    this.path.push(...text('path').split('\n').filter(Boolean));
    const size = Buffer.byteLength(text('step_summary'));
    const over = size > SUMMARY_LIMIT;
    if (over) listener.annotate('error', `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got ${Math.ceil(size / 1024)}k.`);
    const summary = over ? '' : text('step_summary').split('\n').map((line) => this.masks.apply(line)).join('\n');
    return { outputs: { ...listener.outputs, ...named('output') }, state: { ...listener.state, ...named('state') }, env, summary };
  }

  /** Where a secret is: what steps printed (but for the commands that mask it), told the runner, left in files, or
   * gave git as an argument. @param {string[]} secrets @returns {string[]} */
  leaks(secrets) {
    const printed = this.results.flatMap(({ stdout, stderr, outputs, state, env }, at) => [
      { where: `stdout of step ${at + 1}`, text: stdout.replace(/^::add-mask::.*$/gm, '') },
      { where: `stderr of step ${at + 1}`, text: stderr },
      { where: `what step ${at + 1} told the runner`, text: JSON.stringify({ outputs, state, env }) },
    ]);
    const git = { where: 'a git command line', text: this.gitCalls.join('\n') };
    const files = everyFile(this.root)
      .filter((file) => !file.endsWith('/.git/config'))
      .map((file) => ({ where: path.relative(this.root, file), text: fs.readFileSync(file) }));
    return secrets.flatMap((secret, at) => [...printed, git, ...files].filter(({ text }) => holds(text, secret)).map(({ where }) => `secret ${at + 1} is in ${where}`));
  }

  clean() {
    fs.rmSync(this.root, { recursive: true, force: true });
  }
}

/** @typedef {{ inputs?: Record<string, { default?: unknown, required?: boolean }>, outputs?: Record<string, unknown>,
 *   runs: { using: string, main: string, pre?: string, post?: string } }} Manifest */

/** @param {string} folder @returns {Manifest} */
export function readManifest(folder) {
  const manifest = parse(fs.readFileSync(path.join(folder, 'action.yml'), 'utf8'));
  if (!/^node(20|24)$/.test(manifest.runs?.using)) throw new Error(`${folder}: runs.using is \`${manifest.runs?.using}\``);
  return manifest;
}

/** @param {Record<string, string>} state */
function stated(state) {
  return Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]));
}

/** Ends a process and what it left behind, as the runner does at the end of a job. @param {number | undefined} pid */
function endGroup(pid) {
  try {
    process.kill(-Number(pid), 'SIGKILL');
  } catch {
    // Nothing is left.
  }
}

/** @param {string} folder @returns {string[]} */
function everyFile(folder) {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    return entry.isDirectory() ? everyFile(file) : entry.isFile() ? [file] : [];
  });
}

/** Cuts a stream into lines as the runner does: at \n, \r\n and a lone \r. */
class Lines {
  #decoder = new StringDecoder('utf8');
  #rest = '';

  /** @param {(line: string) => void} hear */
  constructor(hear) {
    this.hear = hear;
  }

  /** @param {Buffer} chunk */
  take(chunk) {
    const text = this.#decoder.write(chunk);
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    lines.forEach((line) => this.hear(line));
    return text;
  }

  end() {
    for (const line of (this.#rest + this.#decoder.end()).split('\r')) if (line !== '') this.hear(line);
    this.#rest = '';
  }
}
