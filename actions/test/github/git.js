// @ts-check
// The bare repositories below the fake's root, read and written with the git command line.

import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

export const ZERO = '0'.repeat(40);

/** @typedef {{ name: string, email: string, at: string }} Signature `at` is an ISO timestamp */

/** An environment in which nobody's git configuration, hooks or prompts can speak. */
export const ISOLATED = {
  PATH: process.env.PATH ?? '/usr/bin:/bin',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
};

/** One bare repository. Every method is synchronous, so that each request of the fake is atomic. */
export class Bare {
  /** @param {string} directory */
  constructor(directory) {
    this.directory = directory;
  }

  /** Makes the repository, empty, unless it is there. @param {string} branch */
  create(branch) {
    if (fs.existsSync(path.join(this.directory, 'HEAD'))) return this;
    fs.mkdirSync(this.directory, { recursive: true });
    this.run(['init', '-q', '--bare', `--initial-branch=${branch}`, '.']);
    this.run(['config', 'http.receivepack', 'true']);
    this.run(['config', 'gc.auto', '0']);
    this.run(['config', 'receive.autogc', 'false']);
    // As GitHub does: partial clones, and every object by its id.
    this.run(['config', 'uploadpack.allowFilter', 'true']);
    this.run(['config', 'uploadpack.allowAnySHA1InWant', 'true']);
    return this;
  }

  /** The branch that HEAD names. */
  defaultBranch() {
    return this.run(['symbolic-ref', '--short', 'HEAD']).trim();
  }

  /**
   * Runs git in the repository and gives its standard output; throws when git fails.
   * @param {string[]} words
   * @param {{ input?: string | Buffer, env?: Record<string, string> }} [options]
   */
  run(words, { input, env } = {}) {
    return execFileSync('git', ['-C', this.directory, ...words], {
      env: { ...ISOLATED, ...env },
      input: input ?? '',
      encoding: 'utf8',
      maxBuffer: 1 << 28,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }

  /** @param {string[]} words @param {{ input?: string | Buffer, env?: Record<string, string> }} [options] */
  attempt(words, options) {
    try {
      return this.run(words, options);
    } catch {
      return undefined;
    }
  }

  /** The commit that a branch, tag, full ref or SHA stands for. @param {string} name */
  commit(name) {
    if (name === '' || name.startsWith('-') || name.includes('..')) return undefined;
    for (const candidate of [`refs/heads/${name}`, `refs/tags/${name}`, name]) {
      const sha = this.attempt(['rev-parse', '-q', '--verify', '--end-of-options', `${candidate}^{commit}`])?.trim();
      if (sha) return sha;
    }
    return undefined;
  }

  /** The object that a full ref points to, unpeeled. @param {string} ref */
  ref(ref) {
    const line = this.attempt(['for-each-ref', '--format=%(refname) %(objectname) %(objecttype)', ref]) ?? '';
    return parseRefs(line).find((each) => each.ref === ref);
  }

  /** Every ref whose full name begins so. @param {string} prefix */
  refs(prefix) {
    return parseRefs(this.run(['for-each-ref', '--format=%(refname) %(objectname) %(objecttype)'])).filter((each) =>
      each.ref.startsWith(prefix),
    );
  }

  /** @param {string} sha */
  type(sha) {
    return /^[0-9a-f]{40}$/.test(sha) ? this.attempt(['cat-file', '-t', sha])?.trim() : undefined;
  }

  /** Moves a ref from the object that it is believed to have (or from nothing); false when it has another.
   * @param {string} ref @param {string} to @param {string} from */
  move(ref, to, from) {
    return this.attempt(['update-ref', ref, to, from]) !== undefined;
  }

  /** @param {string} older @param {string} newer */
  isAncestor(older, newer) {
    return this.attempt(['merge-base', '--is-ancestor', older, newer]) !== undefined;
  }

  /** @param {string} one @param {string} other */
  mergeBase(one, other) {
    return this.attempt(['merge-base', one, other])?.trim();
  }

  /** The commits that `head` has and `base` has not, oldest first. @param {string | undefined} base @param {string} head */
  log(base, head) {
    const range = base === undefined ? [head] : [`${base}..${head}`];
    return this.run(['rev-list', '--reverse', '--topo-order', ...range]).split('\n').filter(Boolean);
  }

  /** What one commit says. @param {string} sha */
  read(sha) {
    const format = ['%T', '%P', '%an', '%ae', '%aI', '%cn', '%ce', '%cI', '%B'].join('%x00');
    const [tree, parents, an, ae, ad, cn, ce, cd, message] = this.run(['show', '-s', `--format=${format}`, sha]).split('\0');
    return {
      sha,
      tree: tree ?? '',
      parents: (parents ?? '').split(' ').filter(Boolean),
      author: { name: an ?? '', email: ae ?? '', at: instant(ad ?? '') },
      committer: { name: cn ?? '', email: ce ?? '', at: instant(cd ?? '') },
      message: (message ?? '').replace(/\n+$/, ''),
    };
  }

  /** What changed between two commits, one record a file. @param {string} from @param {string} to */
  changes(from, to) {
    const raw = this.run(['diff', '--raw', '-z', '-M', '--abbrev=40', from, to]).split('\0').filter(Boolean);
    const counts = new Map();
    for (const line of this.run(['diff', '--numstat', '--no-renames', from, to]).split('\n').filter(Boolean)) {
      const [added, deleted, ...name] = line.split('\t');
      counts.set(name.join('\t'), [Number(added) || 0, Number(deleted) || 0]);
    }
    const found = [];
    for (let at = 0; at < raw.length; ) {
      const [, , , blob, letter] = (raw[at] ?? '').split(' ');
      const moved = letter?.startsWith('R') || letter?.startsWith('C');
      const filename = raw[at + (moved ? 2 : 1)] ?? '';
      const [additions, deletions] = counts.get(filename) ?? [0, 0];
      const status = STATUS[/** @type {keyof typeof STATUS} */ (letter?.[0] ?? 'M')] ?? 'changed';
      found.push({ blob: blob ?? ZERO, filename, status, additions, deletions, previous: moved ? raw[at + 1] : undefined });
      at += moved ? 3 : 2;
    }
    return found;
  }

  /** A file's text at a commit. @param {string} name @param {string} file */
  file(name, file) {
    return this.attempt(['cat-file', 'blob', `${name}:${file}`]);
  }

  /** Every file at a commit. @param {string} name */
  files(name) {
    return this.run(['ls-tree', '-r', '-z', '--name-only', name]).split('\0').filter(Boolean);
  }

  /**
   * Writes a commit that changes some files (null removes one) on top of its first parent; moves no ref.
   * @param {{ parents: string[], files: Record<string, string | Buffer | null>, message: string, author: Signature,
   *   committer?: Signature }} change
   */
  write({ parents, files, message, author, committer = author }) {
    const index = path.join(this.directory, `fake-index-${process.pid}`);
    const env = { GIT_INDEX_FILE: index };
    try {
      if (parents[0]) this.run(['read-tree', parents[0]], { env });
      let lines = '';
      for (const [name, content] of Object.entries(files)) {
        const blob = content === null ? ZERO : this.run(['hash-object', '-w', '--stdin'], { input: content }).trim();
        lines += `${content === null ? 0 : 100644} ${blob}\t${name}\0`;
      }
      this.run(['update-index', '--add', '--remove', '-z', '--index-info'], { env, input: lines });
      const tree = this.run(['write-tree'], { env }).trim();
      return this.commitTree(tree, { parents, message, author, committer });
    } finally {
      fs.rmSync(index, { force: true });
    }
  }

  /** @param {string} tree @param {{ parents: string[], message: string, author: Signature, committer?: Signature }} commit */
  commitTree(tree, { parents, message, author, committer = author }) {
    const env = {
      GIT_AUTHOR_NAME: author.name,
      GIT_AUTHOR_EMAIL: author.email,
      GIT_AUTHOR_DATE: author.at,
      GIT_COMMITTER_NAME: committer.name,
      GIT_COMMITTER_EMAIL: committer.email,
      GIT_COMMITTER_DATE: committer.at,
    };
    return this.run(['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent])], { env, input: message }).trim();
  }

  /** The tree of a merge of two commits; throws on a conflict. @param {string} ours @param {string} theirs */
  mergeTree(ours, theirs) {
    return this.run(['merge-tree', '--write-tree', '--allow-unrelated-histories', ours, theirs]).split('\n')[0] ?? '';
  }

  /** Every object's bytes, one after the other: to search them for what must not be there. */
  everything() {
    return execFileSync('git', ['-C', this.directory, 'cat-file', '--batch-all-objects', '--batch'], {
      env: ISOLATED,
      maxBuffer: 1 << 30,
    });
  }
}

const STATUS = { A: 'added', D: 'removed', M: 'modified', R: 'renamed', C: 'copied', T: 'changed' };

/** @param {string} lines */
function parseRefs(lines) {
  return lines
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [ref, sha, type] = line.split(' ');
      return { ref: ref ?? '', sha: sha ?? '', type: type ?? 'commit' };
    });
}

/** @param {string} date */
function instant(date) {
  return new Date(date).toISOString().replace('.000Z', 'Z');
}
