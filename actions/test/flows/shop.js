// @ts-check
// A shop with an inventory on GitHub, evidence of its builds, and a workflow that opens, deploys and closes.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { start } from '../github/server.js';
import { Job } from '../runner.js';

export const REPO = 'shop/inventory';
export const CHECKS = Object.freeze(['artifact-signature', 'dependency-check', 'integration-tests', 'peer-review', 'sbom', 'secret-scan', 'static-analysis', 'unit-tests']);
export const BOM = '{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"components":[{"type":"library","name":"left","version":"1.0.0","purpose":"pkg:cargo/left@1.0.0"}]}'.replace('purpose', 'purl');
export const TESTS = "<testsuite><testcase name='a'/><testcase name='b'/></testsuite>";
const BODY = '<priority>Low</priority>\r\n<assignedto>a@example.com</assignedto>\r\n<customerimpact>Low</customerimpact>\r\n<deploymentimpact>Small</deploymentimpact>\r\n';
/** Waits are a thousand times shorter than in life. */
const SPEED = 1000;

/** The workflow run of a job, unless it is said. */
export const RUN = 7001;

/** @param {string} text */
export const digest = (text) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/** @typedef {{ region?: string, sha?: string, attempt?: number, runId?: number, node?: string, missing?: string[], apiUrl?: string,
 *   actor?: string, inputs?: Record<string, string>, policy?: string, token?: string, patience?: number, speed?: number,
 *   event?: import('../runner/context.js').Run }} How
 *   `event`: what the run is about, if not the tip of prod; `missing`: checks without evidence; `inputs`: of every action of
 *   the job; `patience`: seconds that a request may take; `speed`: 1 where jobs keep out of each other's way by waiting */
/** @typedef {import('../github/people.js').Promotion} Promotion */

/** What of an action's end a test is about. Nothing that the runner refuses may be in it.
 * @param {import('../runner.js').Result} result @param {Record<string, unknown> & { exitCode: number }} wanted */
export function ended(result, { exitCode, ...outputs }) {
  const seen = Object.fromEntries(Object.keys(outputs).map((name) => [name, result.outputs[name]]));
  assert.deepEqual({ exitCode: result.exitCode, ...seen }, { exitCode, ...outputs }, `${result.log}\n${result.stderr}`);
  assert.deepEqual([result.errors, result.undeclared, result.dropped], [[], [], 0]);
}

/** The labels that show the state. @param {import('../github/world.js').Issue} issue */
export const status = ({ labels }) => labels.filter((label) => label.startsWith('status_'));

export class Shop {
  /** @param {import('../github/server.js').GitHub} github */
  constructor(github) {
    this.github = github;
    this.version = 0;
    /** @type {Job[]} */
    this.jobs = [];
  }

  /** @param {import('../github/server.js').Options} [options] */
  static async open(options) {
    const shop = new Shop(await start(options));
    const { world } = shop.github;
    world.user('shop', { type: 'Organization' });
    world.repository(REPO, { files: { 'README.md': 'the inventory of the shop\n' }, by: 'author' });
    world.commit(REPO, { branch: 'prod', files: { '.keep': '' }, message: 'an empty environment', by: 'author' });
    return shop;
  }

  async close() {
    this.jobs.forEach((job) => job.clean());
    await this.github.stop();
  }

  /** Another version is promoted, by a pull request that is reviewed and merged.
   * @param {Partial<Promotion> & { entry?: object }} [how] `entry`: what its entry says otherwise */
  promote({ entry: otherwise, ...how } = {}) {
    this.version += 1;
    const { image, entry } = this.build(this.version);
    const made = this.github.people.promotion(REPO, {
      base: 'prod',
      title: `Promote the shop ${this.version}`,
      body: BODY,
      by: 'author',
      reviews: ['peer'],
      merge: { by: 'merger' },
      files: { 'shop/api': `${JSON.stringify({ ...entry, ...otherwise }, undefined, 2)}\n` },
      ...how,
    });
    return { ...made, commit: made.commit ?? '', image };
  }

  /** @param {number} version */
  build(version) {
    const image = digest(`shop ${version}`);
    const artifact = `images.example.com/shop/api:1.0.${version}@${image}`;
    const entry = {
      name: 'shop/api',
      artifact,
      type: 'image',
      version: `1.0.${version}`,
      sha256: image,
      provenance: artifact,
      signature: 'signed',
      repository_url: 'https://git.example.com/shop/api',
      commit_sha: 'c'.repeat(40),
      build_number: version,
      pipeline_run_id: `ci-${version}`,
    };
    return { image, entry };
  }

  /** A job of the deployment workflow, with the inventory checked out and the evidence at hand. @param {How} [how] */
  job({ region, sha, attempt, runId = RUN, node, missing = [], apiUrl, actor = 'merger', inputs = {}, policy, token, patience = 20, speed = SPEED, event = {} } = {}) {
    const commit = sha ?? this.github.world.bare(REPO).commit('prod');
    this.github.people.run(REPO, runId);
    const run = { repository: REPO, sha: commit, ref: 'refs/heads/prod', attempt, runId, actor, ...event };
    const job = new Job({ github: this.github, run, node, speed, apiUrl, token, env: { COUNTERSIGN_PATIENCE: String(patience) } });
    this.jobs.push(job);
    job.checkout();
    this.evidence(path.join(job.github.workspace, 'evidence'), missing);
    if (policy !== undefined) fs.writeFileSync(path.join(job.github.workspace, 'policy.yaml'), policy);
    /** @type {Record<string, string>} */
    const common = { environment: 'prod', purpose: 'production', detail: 'the shop', evidence: 'evidence', ...(region ? { region } : {}), ...(policy === undefined ? {} : { policy: 'policy.yaml' }), ...inputs };
    return {
      job,
      common,
      /** @param {Record<string, string>} [more] */
      open: (more = {}) => job.action('open', { inputs: { ...common, ...more } }),
      /** @param {Record<string, string>} said how the deployment ended @param {Record<string, string>} [more] */
      close: (said, more = {}) => job.action('close', { inputs: { ...common, ...said, ...more } }),
      /** Any other action. @param {string} name @param {Record<string, string>} [more] */
      action: (name, more = {}) => job.action(name, { inputs: more }),
    };
  }

  /** @param {string} folder @param {string[]} missing */
  evidence(folder, missing) {
    for (let version = 1; version <= this.version; version += 1) {
      const { image } = this.build(version);
      const below = path.join(folder, `${version}`);
      fs.mkdirSync(below, { recursive: true });
      for (const check of CHECKS.filter((each) => !missing.includes(each))) {
        const raw = check === 'sbom' ? ['bom.cdx.json', BOM] : check === 'unit-tests' ? ['tests.xml', TESTS] : undefined;
        const reports = raw ? [{ name: raw[0], digest: digest(raw[1] ?? '') }] : [];
        if (raw) fs.writeFileSync(path.join(below, raw[0] ?? ''), raw[1] ?? '');
        const record = { check, tool: 'tool', outcome: 'success', run: `ci-${version}`, date: '2025-01-01T00:00:00Z', assets: [{ kind: 'image', digest: image }], reports };
        fs.writeFileSync(path.join(below, `${check}.json`), JSON.stringify(record));
      }
    }
  }

  /** The issues that are change requests. */
  get issues() {
    return this.github.world.found(REPO).issues.filter(({ pull }) => !pull);
  }

  /** The one issue. */
  get issue() {
    const [issue, ...more] = this.issues;
    if (!issue || more.length > 0) throw new Error(`${this.issues.length} issues: ${this.issues.map(({ title }) => title).join(', ')}`);
    return issue;
  }

  /** What the records branch has. @param {string} file */
  record(file) {
    const text = this.github.world.bare(REPO).file('countersign', file);
    if (text === undefined) throw new Error(`no \`${file}\` on the records branch`);
    return text;
  }

  /** The changes on the records branch. */
  get changes() {
    const files = this.github.world.bare(REPO).commit('countersign') ? this.github.world.bare(REPO).files('countersign') : [];
    return [...new Set(files.filter((file) => file.startsWith('changes/')).map((file) => file.split('/')[1] ?? ''))];
  }

  /** The names of a change's attachments, without their endings. @param {string} [id] */
  attachments(id = this.changes[0] ?? '') {
    const names = this.github.world.bare(REPO).files('countersign').filter((file) => file.startsWith(`changes/${id}/attachments/`));
    return [...new Set(names.map((name) => path.basename(name).split('.')[0] ?? ''))].sort();
  }

  /** The events of a change's journal. @param {string} [id] @returns {any[]} */
  events(id = this.changes[0] ?? '') {
    return this.record(`changes/${id}/journal.jsonl`).split('\n').filter(Boolean).map((line) => JSON.parse(line).event);
  }

  /** Where the pointer of the last concluded deployment is. @param {string} [name] */
  pointer(name = 'prod_latest') {
    return this.github.world.bare(REPO).commit(name);
  }
}
