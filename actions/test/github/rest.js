// @ts-check
// GitHub's REST API, as far as the product speaks it: one route, one handler.

import { Answers } from './answers.js';
import { workflowRun } from './runs.js';
import { invalid, Refusal, same } from './world.js';

/** @typedef {{ world: import('./world.js').World, people: import('./people.js').People, shape: Answers, repo: string, bits: string[],
 *   query: URLSearchParams, body: any, by: string, options: Options }} Asked */
/** @typedef {{ status?: number, body?: any, list?: any[], within?: (page: any[], first: boolean) => any, cursor?: boolean, headers?: Record<string, string> }} Answered */
/** @typedef {{ attestationsNone: 'not-found' | 'empty' }} Options */
/** @typedef {{ method: string, pattern: RegExp, may: [string, 'read' | 'write'], act: (asked: Asked) => Answered }} Route */

/** @type {Route[]} */
export const ROUTES = [
  route('GET', '', 'metadata:read', ({ shape, repo }) => ({ body: shape.fullRepository(repo) })),

  // Pull requests
  route('GET', '/commits/:/pulls', 'pull_requests:read', pullsOfCommit),
  route('GET', '/pulls', 'pull_requests:read', pulls),
  route('GET', '/pulls/#', 'pull_requests:read', (asked) => ({ body: asked.shape.pull(asked.repo, pull(asked)) })),
  route('GET', '/pulls/#/reviews', 'pull_requests:read', (asked) => {
    const { number, pull: { reviews } } = pull(asked);
    return { list: reviews.map((review) => asked.shape.review(asked.repo, number, review)) };
  }),
  route('GET', '/pulls/#/commits', 'pull_requests:read', (asked) => {
    const { shape, repo } = asked;
    const commits = shape.commitsOf(repo, pull(asked).pull).slice(0, 250);
    return { list: commits.map((sha) => () => shape.commit(repo, sha)) };
  }),
  route('GET', '/pulls/#/files', 'pull_requests:read', (asked) => {
    const { shape, repo } = asked;
    const { pull: found } = pull(asked);
    return { list: shape.filesOf(repo, found).slice(0, 3000).map((file) => shape.file(repo, file, found.headSha)) };
  }),
  route('GET', '/compare/*', 'contents:read', compare),

  // Issues
  route('GET', '/issues', 'issues:read', issues),
  route('POST', '/issues', 'issues:write', ({ world, shape, repo, body, by }) => {
    const title = typeof body.title === 'number' ? String(body.title) : body.title;
    if (title === undefined || title === null) throw invalid('Issue', 'title', 'missing_field');
    expect(body, { body: 'string', labels: 'labels', assignees: 'strings' });
    if (typeof title !== 'string') throw wrongType('title', title, 'a string');
    const wish = { title, body: body.body ?? null, labels: names(body.labels), assignees: body.assignees ?? [], by };
    return { status: 201, body: shape.issue(repo, world.open(repo, wish)) };
  }),
  route('GET', '/issues/#', 'issues:read', ({ world, shape, repo, bits }) => ({ body: shape.issue(repo, world.issue(repo, Number(bits[0]))) })),
  route('PATCH', '/issues/#', 'issues:write', ({ world, shape, repo, bits, body, by }) => {
    expect(body, { title: 'string', body: 'string', labels: 'labels', assignees: 'strings', state: ['open', 'closed'] });
    expect(body, { state_reason: ['completed', 'not_planned', 'duplicate', 'reopened'] });
    const wish = { ...body, reason: body.state_reason, labels: body.labels && names(body.labels) };
    return { body: shape.issue(repo, world.edit(repo, Number(bits[0]), wish, by)) };
  }),
  route('GET', '/issues/#/timeline', 'issues:read', ({ world, shape, repo, bits }) => ({
    list: shape.timeline(repo, world.issue(repo, Number(bits[0]))),
  })),
  route('GET', '/issues/#/labels', 'issues:read', (asked) => labelsOf(asked)),
  route('POST', '/issues/#/labels', 'issues:write', (asked) => {
    const labels = Array.isArray(asked.body) ? asked.body : asked.body.labels;
    expect({ labels }, { labels: 'labels' });
    asked.world.label(asked.repo, Number(asked.bits[0]), names(labels), asked.by);
    return { body: labelsOf(asked).list };
  }),
  route('PUT', '/issues/#/labels', 'issues:write', (asked) => {
    const labels = Array.isArray(asked.body) ? asked.body : asked.body.labels;
    expect({ labels }, { labels: 'labels' });
    asked.world.edit(asked.repo, Number(asked.bits[0]), { labels: names(labels) }, asked.by);
    return { body: labelsOf(asked).list };
  }),
  route('DELETE', '/issues/#/labels/:', 'issues:write', (asked) => {
    asked.world.unlabel(asked.repo, Number(asked.bits[0]), asked.bits[1] ?? '', asked.by);
    return { body: labelsOf(asked).list };
  }),
  route('GET', '/issues/#/comments', 'issues:read', ({ world, shape, repo, bits }) => ({
    list: shape.commentsOf(repo, world.issue(repo, Number(bits[0]))).map((comment) => shape.comment(repo, comment)),
  })),
  route('POST', '/issues/#/comments', 'issues:write', ({ world, shape, repo, bits, body, by }) => {
    expect(body, { body: 'string!' });
    return { status: 201, body: shape.comment(repo, world.comment(repo, Number(bits[0]), body.body, by)) };
  }),
  route('PATCH', '/issues/comments/#', 'issues:write', ({ world, shape, repo, bits, body }) => {
    expect(body, { body: 'string!' });
    return { body: shape.comment(repo, world.editComment(repo, Number(bits[0]), body.body)) };
  }),

  // Labels
  route('GET', '/labels', 'issues:read', ({ world, shape, repo }) => ({ list: world.found(repo).labels.map(({ name }) => shape.label(repo, name)) })),
  route('POST', '/labels', 'issues:write', ({ world, shape, repo, body }) => {
    expect(body, { name: 'string!', color: 'string', description: 'string' });
    return { status: 201, body: shape.label(repo, world.createLabel(repo, body).name) };
  }),
  route('GET', '/labels/:', 'issues:read', ({ world, shape, repo, bits }) => {
    const label = world.findLabel(repo, bits[0] ?? '');
    if (!label) throw new Refusal(404, 'Not Found');
    return { body: shape.label(repo, label.name) };
  }),
  route('PATCH', '/labels/:', 'issues:write', ({ world, shape, repo, bits, body }) => {
    expect(body, { new_name: 'string', color: 'string', description: 'string' });
    return { body: shape.label(repo, world.editLabel(repo, bits[0] ?? '', body).name) };
  }),

  // Refs
  route('GET', '/git/refs', 'contents:read', ({ world, shape, repo }) => ({ list: world.bare(repo).refs('refs/').map((ref) => shape.ref(repo, ref)) })),
  route('GET', '/git/ref/*', 'contents:read', ({ world, shape, repo, bits }) => {
    const ref = world.bare(repo).ref(`refs/${bits[0]}`);
    if (!ref) throw new Refusal(404, 'Not Found');
    return { body: shape.ref(repo, ref) };
  }),
  route('GET', '/git/matching-refs/*', 'contents:read', ({ world, shape, repo, bits }) => ({
    list: world.bare(repo).refs(`refs/${bits[0]}`).map((ref) => shape.ref(repo, ref)),
  })),
  route('POST', '/git/refs', 'contents:write', createRef),
  route('PATCH', '/git/refs/*', 'contents:write', moveRef),
  route('DELETE', '/git/refs/*', 'contents:write', ({ world, repo, bits }) => {
    const bare = world.bare(repo);
    const ref = bare.ref(`refs/${bits[0]}`);
    if (!ref) throw new Refusal(422, 'Reference does not exist');
    bare.run(['update-ref', '-d', ref.ref, ref.sha]);
    return { status: 204 };
  }),

  // Runs and attestations
  route('GET', '/actions/runs/#', 'actions:read', ({ world, shape, repo, bits }) => {
    const run = world.found(repo).runs[bits[0] ?? ''];
    if (!run) throw new Refusal(404, 'Not Found');
    return { body: workflowRun(shape, repo, Number(bits[0]), run) };
  }),
  route('GET', '/actions/runs/#/approvals', 'actions:read', ({ world, shape, repo, bits }) => {
    const run = world.found(repo).runs[bits[0] ?? ''];
    if (!run) throw new Refusal(404, 'Not Found');
    return { body: run.approvals.map(({ environment, by, state, comment }) => ({ environments: [{ name: environment }], state, user: shape.user(by), comment })) };
  }),
  route('GET', '/attestations/:', 'attestations:read', attestations),
];

/** The members of a team, which is no repository's. @type {Route} */
export const TEAM = {
  method: 'GET',
  pattern: /^\/orgs\/([^/]+)\/teams\/([^/]+)\/members$/,
  may: ['members', 'read'],
  act: ({ world, shape, bits }) => {
    const logins = world.state.teams[`${bits[0]}/${bits[1]}`];
    if (!logins) throw new Refusal(404, 'Not Found');
    return { list: logins.map((login) => shape.user(login)).filter(Boolean) };
  },
};

/** `#` is a number, `:` one segment, `*` the rest. @param {string} method @param {string} path @param {string} may
 * @param {(asked: Asked) => Answered} act @returns {Route} */
function route(method, path, may, act) {
  const source = path.replace(/\*/g, '(.+)').replace(/#/g, '(\\d+)').replace(/:/g, '([^/]+)');
  const [area = '', level] = may.split(':');
  return { method, pattern: new RegExp(`^${source}$`), may: [area, level === 'write' ? 'write' : 'read'], act };
}

/** @param {Pick<Asked, 'world' | 'people' | 'repo' | 'bits'>} asked */
function pull({ world, people, repo, bits }) {
  const number = Number(bits[0]);
  people.sync(repo, number);
  const issue = world.issue(repo, number);
  if (!issue.pull) throw new Refusal(404, 'Not Found');
  return /** @type {typeof issue & { pull: NonNullable<typeof issue.pull> }} */ (issue);
}

/** @param {Pick<Asked, 'world' | 'people' | 'repo'>} asked */
function allPulls({ world, people, repo }) {
  return world.found(repo).issues.filter((issue) => issue.pull).map((issue) => {
    people.sync(repo, issue.number);
    return /** @type {typeof issue & { pull: NonNullable<typeof issue.pull> }} */ (issue);
  });
}

/** Of a commit on the default branch: the merged pull request that brought it; of another: the open and merged ones that hold it. @param {Asked} asked @returns {Answered} */
function pullsOfCommit(asked) {
  const { world, shape, repo, bits } = asked;
  const bare = world.bare(repo);
  const sha = bare.commit(bits[0] ?? '');
  if (!sha) throw new Refusal(422, `No commit found for SHA: ${bits[0]}`);
  const main = bare.commit(bare.defaultBranch());
  const landed = main !== undefined && bare.isAncestor(sha, main);
  const holding = allPulls(asked).filter(({ state, pull }) => {
    if (!pull.mergedAt && (landed || state === 'closed')) return false;
    return pull.mergeSha === sha || shape.commitsOf(repo, pull).includes(sha) || rebased(bare, pull, sha);
  });
  return { list: holding.map((issue) => shape.pullSimple(repo, issue)) };
}

/** @param {import('./git.js').Bare} bare @param {import('./world.js').Pull} pull @param {string} sha */
function rebased(bare, pull, sha) {
  if (!pull.mergeSha || !pull.mergedOnto || bare.read(pull.mergeSha).parents.length > 1) return false;
  return bare.log(pull.mergedOnto, pull.mergeSha).includes(sha);
}

/** @param {Asked} asked @returns {Answered} */
function pulls(asked) {
  const { shape, repo, query } = asked;
  const owner = repo.split('/')[0];
  const [state, base, head] = [query.get('state') ?? 'open', query.get('base'), query.get('head')];
  const sort = query.get('sort') ?? 'created';
  const found = allPulls(asked)
    .filter((issue) => state === 'all' || issue.state === state)
    .filter(({ pull }) => (base === null || pull.base === base) && (head === null || `${owner}:${pull.head}` === head));
  const sorted = order(found, sort === 'updated' ? 'updatedAt' : 'createdAt', query.get('direction') ?? (sort === 'created' ? 'desc' : 'asc'));
  return { list: sorted.map((issue) => () => shape.pullSimple(repo, issue)) };
}

/** @param {Asked} asked @returns {Answered} */
function issues({ world, shape, repo, query }) {
  const repository = world.found(repo);
  if (!repository.issuesOn) throw new Refusal(410, 'Issues has been disabled in this repository.');
  const labels = (query.get('labels') ?? '').split(',').filter(Boolean);
  const [state, creator, assignee, since] = [query.get('state') ?? 'open', query.get('creator'), query.get('assignee'), query.get('since')];
  if (!['open', 'closed', 'all'].includes(state)) throw invalid('Issue', 'state', 'invalid');
  const found = repository.issues
    .filter((issue) => state === 'all' || issue.state === state)
    .filter((issue) => labels.every((label) => issue.labels.some((each) => same(each, label))))
    .filter((issue) => (creator === null || issue.by === creator) && (assignee === null || assignee === '*' || issue.assignees.includes(assignee)))
    .filter((issue) => since === null || Date.parse(issue.updatedAt) >= Date.parse(since));
  const sorted = order(found, query.get('sort') === 'updated' ? 'updatedAt' : 'createdAt', query.get('direction') ?? 'desc');
  return { list: sorted.map((issue) => () => shape.issue(repo, issue)) };
}

/** @template {import('./world.js').Issue} T @param {T[]} issues @param {'createdAt' | 'updatedAt'} field @param {string} direction */
function order(issues, field, direction) {
  const sorted = [...issues].sort((one, other) => Date.parse(one[field]) - Date.parse(other[field]) || one.number - other.number);
  return direction === 'asc' ? sorted : sorted.reverse();
}

/** @param {Asked} asked @returns {Answered} */
function compare({ world, shape, repo, bits }) {
  const bare = world.bare(repo);
  const [base = '', head = ''] = (bits[0] ?? '').split('...');
  const [from, to] = [bare.commit(base), bare.commit(head)];
  const fork = from && to ? bare.mergeBase(from, to) : undefined;
  if (!from || !to || !fork) throw new Refusal(404, 'Not Found');
  const [ahead, behind] = [bare.log(from, to), bare.log(to, from)];
  const status = ahead.length && behind.length ? 'diverged' : ahead.length ? 'ahead' : behind.length ? 'behind' : 'identical';
  const html = `${shape.html}/${repo}/compare/${base}...${head}`;
  const whole = {
    url: `${shape.url(repo)}/compare/${base}...${head}`,
    html_url: html,
    permalink_url: html,
    diff_url: `${html}.diff`,
    patch_url: `${html}.patch`,
    base_commit: shape.commit(repo, from),
    merge_base_commit: shape.commit(repo, fork),
    status,
    ahead_by: ahead.length,
    behind_by: behind.length,
    total_commits: ahead.length,
  };
  const files = () => bare.changes(fork, to).slice(0, 300).map((file) => shape.file(repo, file, to));
  return { list: ahead.map((sha) => () => shape.commit(repo, sha)), within: (commits, first) => ({ ...whole, commits, ...(first ? { files: files() } : {}) }) };
}

/** @param {Asked} asked */
function labelsOf({ world, shape, repo, bits }) {
  return { list: world.issue(repo, Number(bits[0])).labels.map((name) => shape.label(repo, name)) };
}

/** @param {Asked} asked @returns {Answered} */
function createRef({ world, shape, repo, body }) {
  expect(body, { ref: 'string!', sha: 'string!' });
  const bare = world.bare(repo);
  const { ref, sha } = body;
  if (!/^refs\/[^/]+\/./.test(ref) || bare.attempt(['check-ref-format', ref]) === undefined) {
    throw new Refusal(422, 'Reference name is not well-formed', {});
  }
  const type = bare.type(sha);
  if (type === undefined) throw new Refusal(422, 'Object does not exist');
  if (bare.ref(ref)) throw new Refusal(422, 'Reference already exists');
  if (!bare.move(ref, sha, '0'.repeat(40))) throw new Refusal(422, 'Reference already exists');
  return { status: 201, body: shape.ref(repo, { ref, sha, type }) };
}

/** @param {Asked} asked @returns {Answered} */
function moveRef({ world, shape, repo, bits, body }) {
  expect(body, { sha: 'string!', force: 'boolean' });
  const bare = world.bare(repo);
  const ref = bare.ref(`refs/${bits[0]}`);
  if (!ref) throw new Refusal(422, 'Reference does not exist');
  const type = bare.type(body.sha);
  if (type === undefined) throw new Refusal(422, 'Object does not exist');
  if (!body.force && !bare.isAncestor(ref.sha, body.sha)) throw new Refusal(422, 'Update is not a fast forward');
  if (!bare.move(ref.ref, body.sha, ref.sha)) throw new Refusal(409, 'Conflict');
  return { body: shape.ref(repo, { ref: ref.ref, sha: body.sha, type }) };
}

/** @param {Asked} asked @returns {Answered} */
function attestations({ world, shape, repo, bits, query, options }) {
  const repository = world.found(repo);
  const wanted = query.get('predicate_type');
  const all = (repository.attestations[bits[0] ?? ''] ?? []).filter((each) => wanted === null || each.predicateType === wanted || each.predicateType.startsWith(wanted));
  if (all.length === 0 && options.attestationsNone === 'not-found') throw new Refusal(404, 'Not Found');
  const list = all.map(({ bundle }, at) => ({ repository_id: repository.id, bundle, bundle_url: `${shape.html}/bundles/${repository.id}-${at}.json.sn`, initiator: 'user' }));
  return { list, cursor: true, within: (page) => ({ attestations: page }) };
}

/** @param {unknown} labels @returns {string[]} */
function names(labels) {
  return (Array.isArray(labels) ? labels : []).map((label) => (typeof label === 'string' ? label : label.name));
}

/** Refuses fields of the wrong type, in GitHub's words. @param {any} body @param {Record<string, string | string[]>} wanted */
function expect(body, wanted) {
  if (body === null || typeof body !== 'object') throw new Refusal(400, 'Body should be a JSON object');
  for (const [field, type] of Object.entries(wanted)) {
    const value = body[field];
    if (value === undefined || value === null) {
      if (type === 'string!') throw new Refusal(422, `Invalid request.\n\n"${field}" wasn't supplied.`);
    } else if (Array.isArray(type)) {
      if (!type.includes(value)) throw wrongType(field, value, `a member of ${JSON.stringify(type)}`);
    } else if (type === 'boolean') {
      if (typeof value !== 'boolean') throw wrongType(field, value, 'a boolean');
    } else if (type === 'string' || type === 'string!') {
      if (typeof value !== 'string') throw wrongType(field, value, 'a string');
    } else if (!Array.isArray(value)) {
      throw wrongType(field, value, 'an array');
    } else if (!value.every((each) => typeof each === 'string' || (type === 'labels' && typeof each?.name === 'string'))) {
      throw wrongType(field, value, 'an array of strings');
    }
  }
}

/** @param {string} field @param {unknown} value @param {string} wanted */
function wrongType(field, value, wanted) {
  return new Refusal(422, `Invalid request.\n\nFor 'properties/${field}', ${JSON.stringify(value)} is not ${wanted}.`);
}
