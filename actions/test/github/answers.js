// @ts-check
// The shapes of GitHub's answers, with every field that GitHub's OpenAPI description requires.

import { ZERO } from './git.js';

/** @typedef {import('./world.js').World} World */
/** @typedef {import('./world.js').Issue} Issue */
/** @typedef {import('./world.js').Repository} Repository */

/** Shapes answers for one request: the base of its links, and the fields that its API version has dropped. */
export class Answers {
  /** @param {World} world @param {{ api: string, html: string, dropped: ReadonlySet<string> }} how */
  constructor(world, { api, html, dropped }) {
    this.world = world;
    this.api = api;
    this.html = html;
    this.dropped = dropped;
  }

  /** @param {string} kind @param {number | string} id */
  node(kind, id) {
    return Buffer.from(`${kind}:${id}`).toString('base64');
  }

  /** Leaves out what the API version has dropped. @template {Record<string, any>} T @param {T} answer @returns {T} */
  versioned(answer) {
    return /** @type {T} */ (Object.fromEntries(Object.entries(answer).filter(([name]) => !this.dropped.has(name))));
  }

  /** `null` for an account that is gone. @param {string | null | undefined} login */
  user(login) {
    const user = login ? this.world.state.users[login] : undefined;
    if (!user) return null;
    const url = `${this.api}/users/${encodeURIComponent(user.login)}`;
    return {
      login: user.login,
      id: user.id,
      node_id: this.node('User', user.id),
      avatar_url: `${this.html}/avatars/u/${user.id}`,
      gravatar_id: '',
      url,
      html_url: `${this.html}/${encodeURIComponent(user.login)}`,
      followers_url: `${url}/followers`,
      following_url: `${url}/following{/other_user}`,
      gists_url: `${url}/gists{/gist_id}`,
      starred_url: `${url}/starred{/owner}{/repo}`,
      subscriptions_url: `${url}/subscriptions`,
      organizations_url: `${url}/orgs`,
      repos_url: `${url}/repos`,
      events_url: `${url}/events{/privacy}`,
      received_events_url: `${url}/received_events`,
      type: user.type,
      site_admin: false,
    };
  }

  /** @param {string} fullName */
  repository(fullName) {
    const repository = this.world.found(fullName);
    const { id, owner, name } = repository;
    const url = this.url(fullName);
    const html = `${this.html}/${fullName}`;
    const links = Object.fromEntries(TEMPLATES.map(([field, rest]) => [field, `${url}/${rest}`]));
    const opened = repository.issues.filter((issue) => issue.state === 'open').length;
    return {
      id,
      node_id: this.node('Repository', id),
      name,
      full_name: fullName,
      private: repository.private,
      owner: this.user(owner),
      html_url: html,
      description: null,
      fork: false,
      url,
      ...links,
      git_url: `git://${new URL(this.html).host}/${fullName}.git`,
      ssh_url: `git@${new URL(this.html).hostname}:${fullName}.git`,
      clone_url: `${html}.git`,
      svn_url: html,
      mirror_url: null,
      homepage: null,
      language: null,
      forks_count: 0,
      stargazers_count: 0,
      watchers_count: 0,
      size: 0,
      default_branch: this.world.bare(fullName).defaultBranch(),
      open_issues_count: opened,
      has_issues: repository.issuesOn,
      has_projects: false,
      has_wiki: false,
      has_pages: false,
      has_discussions: false,
      has_downloads: true,
      archived: false,
      disabled: false,
      visibility: repository.private ? 'private' : 'public',
      pushed_at: repository.createdAt,
      created_at: repository.createdAt,
      updated_at: repository.createdAt,
      license: null,
      forks: 0,
      open_issues: opened,
      watchers: 0,
    };
  }

  /** @param {string} fullName */
  fullRepository(fullName) {
    return { ...this.repository(fullName), subscribers_count: 0, network_count: 0 };
  }

  /** @param {string} fullName */
  url(fullName) {
    return `${this.api}/repos/${fullName}`;
  }

  /** @param {string} fullName @param {string} name */
  label(fullName, name) {
    const label = this.world.labelled(fullName, name);
    return {
      id: label.id,
      node_id: this.node('Label', label.id),
      url: `${this.url(fullName)}/labels/${encodeURIComponent(label.name)}`,
      name: label.name,
      color: label.color,
      default: false,
      description: label.description,
    };
  }

  /** @param {string} fullName @param {Issue} issue */
  issue(fullName, issue) {
    const url = `${this.url(fullName)}/issues/${issue.number}`;
    const html = `${this.html}/${fullName}/${issue.pull ? 'pull' : 'issues'}/${issue.number}`;
    const pull = issue.pull && {
      draft: issue.pull.draft,
      pull_request: {
        url: `${this.url(fullName)}/pulls/${issue.number}`,
        html_url: html,
        diff_url: `${html}.diff`,
        patch_url: `${html}.patch`,
        merged_at: issue.pull.mergedAt ?? null,
      },
    };
    return this.versioned({
      url,
      repository_url: this.url(fullName),
      labels_url: `${url}/labels{/name}`,
      comments_url: `${url}/comments`,
      events_url: `${url}/events`,
      timeline_url: `${url}/timeline`,
      html_url: html,
      id: issue.id,
      node_id: this.node('Issue', issue.id),
      number: issue.number,
      title: issue.title,
      user: this.user(issue.by),
      labels: issue.labels.map((name) => this.label(fullName, name)),
      state: issue.state,
      state_reason: issue.reason,
      locked: false,
      active_lock_reason: null,
      assignee: this.user(issue.assignees[0]),
      assignees: issue.assignees.map((login) => this.user(login)).filter(Boolean),
      milestone: null,
      comments: this.commentsOf(fullName, issue).length,
      created_at: issue.createdAt,
      updated_at: issue.updatedAt,
      closed_at: issue.closedAt,
      closed_by: this.user(issue.closedBy),
      author_association: 'MEMBER',
      body: issue.body,
      performed_via_github_app: null,
      ...pull,
    });
  }

  /** @param {string} fullName @param {Issue} issue */
  commentsOf(fullName, issue) {
    return this.world.found(fullName).comments.filter((comment) => comment.issue === issue.number);
  }

  /** @param {string} fullName @param {import('./world.js').Comment} comment */
  comment(fullName, comment) {
    const issue = this.world.issue(fullName, comment.issue);
    return {
      id: comment.id,
      node_id: this.node('IssueComment', comment.id),
      url: `${this.url(fullName)}/issues/comments/${comment.id}`,
      html_url: `${this.html}/${fullName}/${issue.pull ? 'pull' : 'issues'}/${issue.number}#issuecomment-${comment.id}`,
      issue_url: `${this.url(fullName)}/issues/${issue.number}`,
      body: comment.body,
      user: this.user(comment.by),
      created_at: comment.createdAt,
      updated_at: comment.updatedAt,
      author_association: 'MEMBER',
      performed_via_github_app: null,
    };
  }

  // Pull requests ---------------------------------------------------------------------------------------------------

  /** @param {string} fullName @param {Issue} issue */
  pullSimple(fullName, issue) {
    const pull = /** @type {import('./world.js').Pull} */ (issue.pull);
    const url = `${this.url(fullName)}/pulls/${issue.number}`;
    const html = `${this.html}/${fullName}/pull/${issue.number}`;
    const comments = `${this.url(fullName)}/issues/${issue.number}/comments`;
    const statuses = `${this.url(fullName)}/statuses/${pull.headSha}`;
    const issueUrl = `${this.url(fullName)}/issues/${issue.number}`;
    return this.versioned({
      url,
      id: pull.id,
      node_id: this.node('PullRequest', pull.id),
      html_url: html,
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      issue_url: issueUrl,
      commits_url: `${url}/commits`,
      review_comments_url: `${url}/comments`,
      review_comment_url: `${this.url(fullName)}/pulls/comments{/number}`,
      comments_url: comments,
      statuses_url: statuses,
      number: issue.number,
      state: issue.state,
      locked: false,
      title: issue.title,
      user: this.user(issue.by),
      body: issue.body,
      labels: issue.labels.map((name) => ({ ...this.label(fullName, name), description: this.world.labelled(fullName, name).description ?? '' })),
      milestone: null,
      created_at: issue.createdAt,
      updated_at: issue.updatedAt,
      closed_at: issue.closedAt,
      merged_at: pull.mergedAt ?? null,
      merge_commit_sha: pull.mergeSha ?? null,
      assignee: this.user(issue.assignees[0]),
      assignees: issue.assignees.map((login) => this.user(login)).filter(Boolean),
      requested_reviewers: [],
      requested_teams: [],
      head: this.end(fullName, pull.head, pull.headSha, issue.by),
      base: this.end(fullName, pull.base, pull.mergedOnto ?? pull.opened, issue.by),
      _links: {
        self: { href: url },
        html: { href: html },
        issue: { href: issueUrl },
        comments: { href: comments },
        review_comments: { href: `${url}/comments` },
        review_comment: { href: `${this.url(fullName)}/pulls/comments{/number}` },
        commits: { href: `${url}/commits` },
        statuses: { href: statuses },
      },
      author_association: 'MEMBER',
      auto_merge: null,
      draft: pull.draft,
    });
  }

  /** @param {string} fullName @param {string} ref @param {string} sha @param {string} by */
  end(fullName, ref, sha, by) {
    const owner = fullName.split('/')[0] ?? '';
    return { label: `${owner}:${ref}`, ref, sha, user: this.user(owner) ?? this.user(by), repo: this.repository(fullName) };
  }

  /** @param {string} fullName @param {Issue} issue */
  pull(fullName, issue) {
    const pull = /** @type {import('./world.js').Pull} */ (issue.pull);
    const [commits, files] = [this.commitsOf(fullName, pull), this.filesOf(fullName, pull)];
    const sum = (/** @type {'additions' | 'deletions'} */ field) => files.reduce((total, file) => total + file[field], 0);
    return {
      ...this.pullSimple(fullName, issue),
      merged: pull.mergedAt !== undefined,
      mergeable: pull.mergedAt === undefined ? true : null,
      rebaseable: pull.mergedAt === undefined ? true : null,
      mergeable_state: pull.mergedAt === undefined ? 'clean' : 'unknown',
      merged_by: this.user(pull.mergedBy),
      comments: this.commentsOf(fullName, issue).length,
      review_comments: 0,
      maintainer_can_modify: false,
      commits: commits.length,
      additions: sum('additions'),
      deletions: sum('deletions'),
      changed_files: files.length,
    };
  }

  /** The commits of a pull request, oldest first. @param {string} fullName @param {import('./world.js').Pull} pull */
  commitsOf(fullName, pull) {
    const bare = this.world.bare(fullName);
    return bare.log(pull.mergedOnto ?? bare.commit(pull.base) ?? pull.opened, pull.headSha);
  }

  /** @param {string} fullName @param {import('./world.js').Pull} pull */
  filesOf(fullName, pull) {
    const bare = this.world.bare(fullName);
    const base = pull.mergedOnto ?? bare.commit(pull.base) ?? pull.opened;
    return bare.changes(bare.mergeBase(base, pull.headSha) ?? base, pull.headSha);
  }

  /** @param {string} fullName @param {number} number @param {import('./world.js').Review} review */
  review(fullName, number, review) {
    const html = `${this.html}/${fullName}/pull/${number}#pullrequestreview-${review.id}`;
    const pull = `${this.url(fullName)}/pulls/${number}`;
    return {
      id: review.id,
      node_id: this.node('PullRequestReview', review.id),
      user: this.user(review.by),
      body: review.body,
      state: review.state,
      html_url: html,
      pull_request_url: pull,
      author_association: 'MEMBER',
      _links: { html: { href: html }, pull_request: { href: pull } },
      submitted_at: review.at,
      commit_id: review.commit,
    };
  }

  // Git -------------------------------------------------------------------------------------------------------------

  /** @param {string} fullName @param {string} sha */
  commit(fullName, sha) {
    const commit = this.world.bare(fullName).read(sha);
    const url = `${this.url(fullName)}/commits/${sha}`;
    const git = `${this.url(fullName)}/git`;
    return {
      sha,
      node_id: this.node('Commit', sha),
      commit: {
        author: signature(commit.author),
        committer: signature(commit.committer),
        message: commit.message,
        tree: { sha: commit.tree, url: `${git}/trees/${commit.tree}` },
        url: `${git}/commits/${sha}`,
        comment_count: 0,
        verification: UNSIGNED,
      },
      url,
      html_url: `${this.html}/${fullName}/commit/${sha}`,
      comments_url: `${url}/comments`,
      author: this.user(this.loginOf(commit.author.email)),
      committer: this.user(this.loginOf(commit.committer.email)),
      parents: this.parents(fullName, commit.parents),
    };
  }

  /** @param {string} fullName @param {string[]} parents */
  parents(fullName, parents) {
    return parents.map((sha) => ({ sha, url: `${this.url(fullName)}/commits/${sha}`, html_url: `${this.html}/${fullName}/commit/${sha}` }));
  }

  /** Whose account an e-mail address belongs to. @param {string} email */
  loginOf(email) {
    return Object.values(this.world.state.users).find((user) => user.email.toLowerCase() === email.toLowerCase())?.login;
  }

  /** @param {string} fullName @param {ReturnType<import('./git.js').Bare['changes']>[number]} file @param {string} sha */
  file(fullName, file, sha) {
    const name = file.filename.split('/').map(encodeURIComponent).join('/');
    return {
      sha: file.blob === ZERO ? null : file.blob,
      filename: file.filename,
      status: file.status,
      additions: file.additions,
      deletions: file.deletions,
      changes: file.additions + file.deletions,
      blob_url: `${this.html}/${fullName}/blob/${sha}/${name}`,
      raw_url: `${this.html}/${fullName}/raw/${sha}/${name}`,
      contents_url: `${this.url(fullName)}/contents/${name}?ref=${sha}`,
      ...(file.previous === undefined ? {} : { previous_filename: file.previous }),
    };
  }

  /** @param {string} fullName @param {{ ref: string, sha: string, type: string }} ref */
  ref(fullName, { ref, sha, type }) {
    const git = `${this.url(fullName)}/git`;
    return { ref, node_id: this.node('Ref', ref), url: `${git}/${ref}`, object: { sha, type, url: `${git}/${type}s/${sha}` } };
  }

  // Timeline --------------------------------------------------------------------------------------------------------

  /** Everything that happened to an issue or pull request, in order of time. @param {string} fullName @param {Issue} issue */
  timeline(fullName, issue) {
    const commits = issue.pull ? this.commitsOf(fullName, issue.pull).map((sha) => this.committed(fullName, sha)) : [];
    const reviews = (issue.pull?.reviews ?? []).map((review) => ({ at: review.at, answer: { event: 'reviewed', ...this.review(fullName, issue.number, review) } }));
    const comments = this.commentsOf(fullName, issue).map((comment) => ({
      at: comment.createdAt,
      answer: { event: 'commented', actor: this.user(comment.by), ...this.comment(fullName, comment) },
    }));
    const events = issue.events.map((event) => ({ at: event.at, answer: this.event(fullName, event) }));
    const all = [...commits, ...reviews, ...comments, ...events];
    return all.sort((one, other) => Date.parse(one.at) - Date.parse(other.at)).map(({ answer }) => answer);
  }

  /** @param {string} fullName @param {import('./world.js').Happening} event */
  event(fullName, event) {
    const { id, event: name, actor, at, label, rename, assignee, reason, commit, dismissed } = event;
    const color = label === undefined ? undefined : this.world.labelled(fullName, label).color;
    return {
      id,
      node_id: this.node('Event', id),
      url: `${this.url(fullName)}/issues/events/${id}`,
      actor: this.user(actor),
      event: name,
      commit_id: commit ?? null,
      commit_url: commit ? `${this.url(fullName)}/commits/${commit}` : null,
      created_at: at,
      performed_via_github_app: null,
      ...(label === undefined ? {} : { label: { name: label, color } }),
      ...(rename === undefined ? {} : { rename }),
      ...(assignee === undefined ? {} : { assignee: this.user(assignee) }),
      ...(dismissed === undefined ? {} : { dismissed_review: dismissed }),
      ...(name === 'closed' || name === 'reopened' ? { state_reason: reason ?? null } : {}),
    };
  }

  /** @param {string} fullName @param {string} sha */
  committed(fullName, sha) {
    const commit = this.world.bare(fullName).read(sha);
    const git = `${this.url(fullName)}/git`;
    const answer = {
      event: 'committed',
      sha,
      node_id: this.node('Commit', sha),
      url: `${git}/commits/${sha}`,
      html_url: `${this.html}/${fullName}/commit/${sha}`,
      author: signature(commit.author),
      committer: signature(commit.committer),
      tree: { sha: commit.tree, url: `${git}/trees/${commit.tree}` },
      message: commit.message,
      parents: this.parents(fullName, commit.parents),
      verification: UNSIGNED,
    };
    return { at: commit.committer.at, answer };
  }
}

const UNSIGNED = { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null };

/** @param {{ name: string, email: string, at: string }} signature */
function signature({ name, email, at }) {
  return { name, email, date: at };
}

/** A repository's links, below its own URL. @type {[string, string][]} */
const TEMPLATES = [
  ['archive_url', '{archive_format}{/ref}'],
  ['assignees_url', 'assignees{/user}'],
  ['blobs_url', 'git/blobs{/sha}'],
  ['branches_url', 'branches{/branch}'],
  ['collaborators_url', 'collaborators{/collaborator}'],
  ['comments_url', 'comments{/number}'],
  ['commits_url', 'commits{/sha}'],
  ['compare_url', 'compare/{base}...{head}'],
  ['contents_url', 'contents/{+path}'],
  ['contributors_url', 'contributors'],
  ['deployments_url', 'deployments'],
  ['downloads_url', 'downloads'],
  ['events_url', 'events'],
  ['forks_url', 'forks'],
  ['git_commits_url', 'git/commits{/sha}'],
  ['git_refs_url', 'git/refs{/sha}'],
  ['git_tags_url', 'git/tags{/sha}'],
  ['hooks_url', 'hooks'],
  ['issue_comment_url', 'issues/comments{/number}'],
  ['issue_events_url', 'issues/events{/number}'],
  ['issues_url', 'issues{/number}'],
  ['keys_url', 'keys{/key_id}'],
  ['labels_url', 'labels{/name}'],
  ['languages_url', 'languages'],
  ['merges_url', 'merges'],
  ['milestones_url', 'milestones{/number}'],
  ['notifications_url', 'notifications{?since,all,participating}'],
  ['pulls_url', 'pulls{/number}'],
  ['releases_url', 'releases{/id}'],
  ['stargazers_url', 'stargazers'],
  ['statuses_url', 'statuses/{sha}'],
  ['subscribers_url', 'subscribers'],
  ['subscription_url', 'subscription'],
  ['tags_url', 'tags'],
  ['teams_url', 'teams'],
  ['trees_url', 'git/trees{/sha}'],
];
