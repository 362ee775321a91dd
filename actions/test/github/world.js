// @ts-check
// What the fake GitHub remembers, and the few verbs that change it. REST and people both act through these verbs.

import fs from 'node:fs';
import path from 'node:path';
import { Bare } from './git.js';
import { Clock } from './clock.js';

/** @typedef {{ id: number, login: string, type: string, name: string, email: string }} User */
/** @typedef {{ id: number, name: string, color: string, description: string | null }} Label */
/** @typedef {{ id: number, event: string, actor: string, at: string, [more: string]: any }} Happening */
/** @typedef {{ id: number, by: string, state: string, body: string, commit: string, at: string }} Review */
/** @typedef {{ id: number, base: string, head: string, opened: string, headSha: string, draft: boolean, reviews: Review[],
 *   mergedAt?: string, mergedBy?: string, mergeSha?: string, mergedOnto?: string }} Pull */
/** @typedef {{ id: number, number: number, title: string, body: string | null, by: string, state: 'open' | 'closed',
 *   reason: string | null, labels: string[], assignees: string[], createdAt: string, updatedAt: string,
 *   closedAt: string | null, closedBy: string | null, events: Happening[], pull?: Pull }} Issue */
/** @typedef {{ id: number, issue: number, by: string, body: string, createdAt: string, updatedAt: string }} Comment */
/** @typedef {{ environment: string, by: string, state: string, comment: string }} Approval */
/** @typedef {{ createdAt: string, approvals: Approval[] }} Run */
/** @typedef {{ id: number, owner: string, name: string, private: boolean, issuesOn: boolean, createdAt: string,
 *   issues: Issue[], labels: Label[], comments: Comment[], runs: Record<string, Run>,
 *   attestations: Record<string, { bundle: object, predicateType: string }[]> }} Repository */
/** @typedef {{ login: string, permissions: Record<string, 'read' | 'write'> | null }} Grant `null` may everything */

/** A request that GitHub refuses, with the answer that it gives. */
export class Refusal extends Error {
  /** @param {number} status @param {string} message @param {object} [more] */
  constructor(status, message, more = {}) {
    super(message);
    this.status = status;
    this.more = more;
  }
}

/** @param {string} resource @param {string} field @param {string} code @param {string} [message] */
export function invalid(resource, field, code, message) {
  return new Refusal(422, 'Validation Failed', { errors: [{ resource, code, field, ...(message ? { message } : {}) }] });
}

const BODY_LIMIT = 65536;
const TITLE_LIMIT = 256;
const LABEL_LIMIT = 50;

/** The whole of the fake's memory; `state` is plain data, and the git repositories are below `root`. */
export class World {
  /** @param {{ root: string, clock?: Clock }} options */
  constructor({ root, clock = new Clock() }) {
    this.root = root;
    this.clock = clock;
    /** @type {{ users: Record<string, User>, teams: Record<string, string[]>, tokens: Record<string, Grant>,
     *   repositories: Record<string, Repository>, moved: Record<string, string>, next: Record<string, number> }} */
    this.state = { users: {}, teams: {}, tokens: {}, repositories: {}, moved: {}, next: {} };
    this.user('github-actions[bot]', { id: 41898282, type: 'Bot', name: 'github-actions' });
    this.user('web-flow', { id: 19864447, name: 'GitHub', email: 'noreply@github.com' });
  }

  /** The next number of a kind: ids depend on the order of events only. @param {string} kind @param {number} [first] */
  next(kind, first = 1) {
    const id = this.state.next[kind] ?? first;
    this.state.next[kind] = id + 1;
    return id;
  }

  // People, teams, tokens -------------------------------------------------------------------------------------------

  /** Makes a person known, or changes what is known. @param {string} login @param {Partial<User>} [known] */
  user(login, known = {}) {
    const before = this.state.users[login];
    const id = known.id ?? before?.id ?? this.next('user', 1001);
    const email = known.email ?? before?.email ?? `${id}+${login}@users.noreply.github.com`;
    const user = { id, login, type: known.type ?? before?.type ?? 'User', name: known.name ?? before?.name ?? login, email };
    this.state.users[login] = user;
    return user;
  }

  /** Deletes an account: what it did stays, without its name. @param {string} login */
  forget(login) {
    delete this.state.users[login];
  }

  /** @param {string} organisation @param {string} slug @param {string[]} logins */
  team(organisation, slug, logins) {
    logins.forEach((login) => this.known(login));
    this.state.teams[`${organisation}/${slug}`] = [...logins];
  }

  /** Gives a token to somebody; without permissions (named as in a workflow: `pull-requests`) it may everything.
   * @param {string} token @param {string} [login] @param {Grant['permissions']} [permissions] */
  token(token, login = 'github-actions[bot]', permissions = null) {
    this.known(login);
    const named = permissions && Object.fromEntries(Object.entries(permissions).map(([area, level]) => [area.replaceAll('-', '_'), level]));
    this.state.tokens[token] = { login, permissions: named };
  }

  /** A person, made known when nobody has heard of them. @param {string} login */
  known(login) {
    return this.state.users[login] ?? this.user(login);
  }

  /** @param {string} login @param {string} [at] @returns {import('./git.js').Signature} */
  signature(login, at = this.clock.now()) {
    const { name, email } = this.known(login);
    return { name, email, at };
  }

  // Repositories ----------------------------------------------------------------------------------------------------

  /** Makes a repository, with a first commit when files are given.
   * @param {string} fullName @param {{ private?: boolean, branch?: string, files?: Record<string, string>, by?: string }} [options] */
  repository(fullName, { private: hidden = true, branch = 'main', files, by } = {}) {
    const [owner = '', name = ''] = fullName.split('/');
    this.known(owner);
    const bare = this.bare(fullName).create(branch);
    this.state.repositories[fullName] ??= {
      id: this.next('repository', 500001),
      owner,
      name,
      private: hidden,
      issuesOn: true,
      createdAt: this.clock.now(),
      issues: [],
      labels: [],
      comments: [],
      runs: {},
      attestations: {},
    };
    if (files) this.commit(fullName, { branch, files, message: 'first commit', by: by ?? owner });
    return bare;
  }

  /** Registers the bare repositories that are below the root already. */
  adopt() {
    for (const owner of fs.readdirSync(this.root)) {
      const folder = path.join(this.root, owner);
      if (!fs.statSync(folder).isDirectory()) continue;
      for (const entry of fs.readdirSync(folder)) {
        if (entry.endsWith('.git')) this.repository(`${owner}/${entry.slice(0, -4)}`);
      }
    }
  }

  /** @param {string} fullName */
  bare(fullName) {
    if (!/^[\w.-]+\/[\w.-]+$/.test(fullName) || fullName.includes('..')) throw new Error(`\`${fullName}\` is not owner/name`);
    return new Bare(path.join(this.root, `${fullName}.git`));
  }

  /** @param {string} fullName */
  found(fullName) {
    const repository = this.state.repositories[fullName];
    if (!repository) throw new Refusal(404, 'Not Found');
    return repository;
  }

  /** Commits files onto a branch (null removes a file); the branch is made, from `from` when given.
   * @param {string} fullName @param {{ branch: string, from?: string, files: Record<string, string | null>, message?: string,
   *   by: string, at?: string }} change */
  commit(fullName, { branch, from, files, message = 'change', by, at }) {
    const bare = this.bare(fullName);
    const tip = bare.ref(`refs/heads/${branch}`)?.sha;
    const parent = tip ?? (from === undefined ? undefined : bare.commit(from));
    const sha = bare.write({ parents: parent ? [parent] : [], files, message, author: this.signature(by, at) });
    if (!bare.move(`refs/heads/${branch}`, sha, tip ?? '')) throw new Error(`branch \`${branch}\` moved meanwhile`);
    return sha;
  }

  // Issues ----------------------------------------------------------------------------------------------------------

  /** @param {string} fullName @param {number} number */
  issue(fullName, number) {
    const issue = this.found(fullName).issues.find((each) => each.number === number);
    if (!issue) throw new Refusal(404, 'Not Found');
    return issue;
  }

  /** @param {string} fullName @param {{ title: string, body?: string | null, labels?: string[], assignees?: string[], by: string }} wish */
  open(fullName, { title, body = null, labels = [], assignees = [], by }) {
    const repository = this.found(fullName);
    check({ title, body });
    const at = this.clock.now();
    /** @type {Issue} */
    const issue = {
      id: this.next('issue', 3000001),
      number: this.next(`number of ${fullName}`),
      title,
      body,
      by,
      state: 'open',
      reason: null,
      labels: [],
      assignees: [],
      createdAt: at,
      updatedAt: at,
      closedAt: null,
      closedBy: null,
      events: [],
    };
    const names = labels.map((label) => this.labelled(fullName, label).name);
    repository.issues.push(issue);
    this.relabel(issue, names, by);
    this.reassign(issue, assignees, by);
    return issue;
  }

  /** @param {string} fullName @param {number} number
   * @param {{ title?: string, body?: string | null, state?: 'open' | 'closed', reason?: string | null, labels?: string[], assignees?: string[] }} wish
   * @param {string} by */
  edit(fullName, number, wish, by) {
    const issue = this.issue(fullName, number);
    check({ title: wish.title ?? issue.title, body: wish.body ?? null });
    const labels = wish.labels?.map((label) => this.labelled(fullName, label).name);
    if (wish.title !== undefined && wish.title !== issue.title) {
      this.happened(issue, 'renamed', by, { rename: { from: issue.title, to: wish.title } });
      issue.title = wish.title;
    }
    if (wish.body !== undefined) issue.body = wish.body;
    if (labels) this.relabel(issue, labels, by);
    if (wish.assignees) this.reassign(issue, wish.assignees, by);
    if (wish.state === 'closed' && issue.state === 'open') this.close(issue, by, wish.reason ?? 'completed');
    if (wish.state === 'open' && issue.state === 'closed') {
      Object.assign(issue, { state: 'open', reason: 'reopened', closedAt: null, closedBy: null });
      this.happened(issue, 'reopened', by, {});
    }
    issue.updatedAt = this.clock.now();
    return issue;
  }

  /** @param {Issue} issue @param {string} by @param {string | null} reason */
  close(issue, by, reason) {
    Object.assign(issue, { state: 'closed', reason, closedAt: this.clock.now(), closedBy: by });
    this.happened(issue, 'closed', by, { reason, commit: null });
  }

  /** @param {string} fullName @param {number} number @param {string[]} labels @param {string} by */
  label(fullName, number, labels, by) {
    const issue = this.issue(fullName, number);
    const names = labels.map((label) => this.labelled(fullName, label).name);
    this.relabel(issue, [...issue.labels, ...names], by);
    return issue;
  }

  /** @param {string} fullName @param {number} number @param {string} label @param {string} by */
  unlabel(fullName, number, label, by) {
    const issue = this.issue(fullName, number);
    const name = issue.labels.find((each) => same(each, label));
    if (name === undefined) throw new Refusal(404, 'Label does not exist');
    this.relabel(issue, issue.labels.filter((each) => each !== name), by);
    return issue;
  }

  /** @param {Issue} issue @param {string[]} wanted @param {string} by */
  relabel(issue, wanted, by) {
    const labels = wanted.filter((name, at) => wanted.findIndex((each) => same(each, name)) === at);
    for (const name of issue.labels.filter((each) => !labels.includes(each))) this.happened(issue, 'unlabeled', by, { label: name });
    for (const name of labels.filter((each) => !issue.labels.includes(each))) this.happened(issue, 'labeled', by, { label: name });
    issue.labels = labels;
  }

  /** @param {Issue} issue @param {string[]} logins @param {string} by */
  reassign(issue, logins, by) {
    // GitHub drops whom it does not know without a word.
    const wanted = logins.filter((login) => this.state.users[login]);
    for (const login of issue.assignees.filter((each) => !wanted.includes(each))) this.happened(issue, 'unassigned', by, { assignee: login });
    for (const login of wanted.filter((each) => !issue.assignees.includes(each))) this.happened(issue, 'assigned', by, { assignee: login });
    issue.assignees = wanted;
  }

  /** @param {Issue} issue @param {string} event @param {string} actor @param {object} more */
  happened(issue, event, actor, more) {
    this.known(actor);
    const at = this.clock.now();
    issue.updatedAt = at;
    issue.events.push({ id: this.next('event', 9000001), event, actor, at, ...more });
  }

  // Labels and comments ---------------------------------------------------------------------------------------------

  /** @param {string} fullName @param {string} name */
  findLabel(fullName, name) {
    return this.found(fullName).labels.find((each) => same(each.name, name));
  }

  /** The label of that name, made when it is not there, as GitHub does. @param {string} fullName @param {string} name */
  labelled(fullName, name) {
    return this.findLabel(fullName, name) ?? this.createLabel(fullName, { name });
  }

  /** @param {string} fullName @param {{ name: string, color?: string, description?: string | null }} wish */
  createLabel(fullName, { name, color = 'ededed', description = null }) {
    if (name.trim() === '') throw invalid('Label', 'name', 'missing_field');
    if ([...name].length > LABEL_LIMIT) throw invalid('Label', 'name', 'custom', `name is too long (maximum is ${LABEL_LIMIT} characters)`);
    if (!/^[0-9a-fA-F]{6}$/.test(color)) throw invalid('Label', 'color', 'invalid');
    if (this.findLabel(fullName, name)) throw invalid('Label', 'name', 'already_exists');
    const label = { id: this.next('label', 7000001), name, color, description };
    this.found(fullName).labels.push(label);
    return label;
  }

  /** @param {string} fullName @param {string} name @param {{ new_name?: string, color?: string, description?: string | null }} wish */
  editLabel(fullName, name, wish) {
    const label = this.findLabel(fullName, name);
    if (!label) throw new Refusal(404, 'Not Found');
    const renamed = wish.new_name ?? label.name;
    for (const issue of this.found(fullName).issues) issue.labels = issue.labels.map((each) => (each === label.name ? renamed : each));
    Object.assign(label, { name: renamed, color: wish.color ?? label.color, description: wish.description ?? label.description });
    return label;
  }

  /** @param {string} fullName @param {number} number @param {string} body @param {string} by */
  comment(fullName, number, body, by) {
    const issue = this.issue(fullName, number);
    check({ title: issue.title, body });
    if (body.trim() === '') throw invalid('IssueComment', 'body', 'missing_field');
    const at = this.clock.now();
    const comment = { id: this.next('comment', 5000001), issue: number, by, body, createdAt: at, updatedAt: at };
    this.known(by);
    this.found(fullName).comments.push(comment);
    issue.updatedAt = at;
    return comment;
  }

  /** @param {string} fullName @param {number} id @param {string} body */
  editComment(fullName, id, body) {
    const comment = this.found(fullName).comments.find((each) => each.id === id);
    if (!comment) throw new Refusal(404, 'Not Found');
    check({ title: 'x', body });
    Object.assign(comment, { body, updatedAt: this.clock.now() });
    return comment;
  }
}

/** GitHub compares label names without case. @param {string} one @param {string} other */
export function same(one, other) {
  return one.toLowerCase() === other.toLowerCase();
}

/** @param {{ title: string, body: string | null }} text */
function check({ title, body }) {
  if (title.trim() === '') throw invalid('Issue', 'title', 'missing_field');
  if ([...title].length > TITLE_LIMIT) throw invalid('Issue', 'title', 'custom', `title is too long (maximum is ${TITLE_LIMIT} characters)`);
  if (body && [...body].length > BODY_LIMIT) throw invalid('Issue', 'body', 'custom', `body is too long (maximum is ${BODY_LIMIT} characters)`);
}
