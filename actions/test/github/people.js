// @ts-check
// What people do on GitHub, besides what the product does: they open pull requests, review, label, merge, close.

import { Refusal } from './world.js';

/** @typedef {import('./world.js').World} World */
/** @typedef {{ name: string, by: string, at?: string }} Labelling */
/** @typedef {{ by: string, state?: string, body?: string, at?: string, commit?: string }} Reviewing */
/** @typedef {{ base: string, head?: string, from?: string, files: Record<string, string | null>, title?: string, body?: string | null,
 *   by?: string, at?: string, message?: string, labels?: (string | Labelling)[], reviews?: (string | Reviewing)[],
 *   merge?: false | { by?: string, at?: string, method?: 'merge' | 'squash' | 'rebase' } }} Promotion */

export class People {
  /** @param {World} world */
  constructor(world) {
    this.world = world;
  }

  /**
   * A promotion as a team does it: a branch off the base, a commit by the author, a pull request, labels, reviews,
   * and (unless `merge` is false) the merge. Gives the number and the commits.
   * @param {string} repository @param {Promotion} promotion
   */
  promotion(repository, { base, head, from = base, files, title = `Promote to ${base}`, body = '', by = 'alice', at, message, labels = [], reviews = [], merge = {} }) {
    const branch = head ?? `promote-${this.world.next(`promotion of ${repository}`)}`;
    this.at(at, () => this.world.commit(repository, { branch, from, files, message: message ?? title, by }));
    const number = this.openPull(repository, { base, head: branch, title, body, by, at });
    for (const label of labels) {
      const { name, by: who, at: when } = typeof label === 'string' ? { name: label, by, at } : label;
      this.label(repository, number, name, { by: who, at: when });
    }
    for (const review of reviews) this.review(repository, number, typeof review === 'string' ? { by: review } : review);
    const merged = merge === false ? undefined : this.mergePull(repository, number, { by: 'merger', ...merge });
    const issue = this.world.issue(repository, number);
    return { number, head: issue.pull?.headSha ?? '', commit: merged, url: `pull/${number}` };
  }

  /** @param {string} repository
   * @param {{ base: string, head: string, title?: string, body?: string | null, by: string, at?: string, draft?: boolean }} pull */
  openPull(repository, { base, head, title = `Merge ${head}`, body = null, by, at, draft = false }) {
    const bare = this.world.bare(repository);
    const [opened, headSha] = [bare.commit(base), bare.commit(head)];
    if (!opened || !headSha) throw new Error(`no branch \`${opened ? head : base}\` in ${repository}`);
    return this.at(at, () => {
      const issue = this.world.open(repository, { title, body, by });
      issue.pull = { id: this.world.next('pull', 4000001), base, head, opened, headSha, draft, reviews: [] };
      return issue.number;
    });
  }

  /** @param {string} repository @param {number} number @param {Reviewing} review */
  review(repository, number, { by, state = 'APPROVED', body = '', at, commit }) {
    const pull = this.pull(repository, number);
    this.sync(repository, number);
    this.world.known(by);
    return this.at(at, () => {
      const review = { id: this.world.next('review', 6000001), by, state, body, commit: commit ?? pull.headSha, at: this.world.clock.now() };
      pull.reviews.push(review);
      return review.id;
    });
  }

  /** @param {string} repository @param {number} number @param {number} review @param {{ by: string, at?: string }} who */
  dismissReview(repository, number, review, { by, at }) {
    const found = this.pull(repository, number).reviews.find((each) => each.id === review);
    if (!found) throw new Error(`no review ${review}`);
    const was = found.state.toLowerCase();
    found.state = 'DISMISSED';
    const dismissed = { state: was, review_id: review, dismissal_message: null };
    this.at(at, () => this.world.happened(this.world.issue(repository, number), 'review_dismissed', by, { dismissed }));
  }

  /** Pushes another commit onto the pull request's branch.
   * @param {string} repository @param {number} number @param {{ files: Record<string, string | null>, by: string, message?: string, at?: string }} change */
  push(repository, number, { files, by, message, at }) {
    const branch = this.pull(repository, number).head;
    const sha = this.at(at, () => this.world.commit(repository, { branch, files, by, message }));
    this.sync(repository, number);
    return sha;
  }

  /** Really merges: gives the commit that the base branch is at afterwards.
   * @param {string} repository @param {number} number @param {{ by: string, at?: string, method?: 'merge' | 'squash' | 'rebase' }} merge */
  mergePull(repository, number, { by, at, method = 'merge' }) {
    const issue = this.world.issue(repository, number);
    const pull = this.pull(repository, number);
    if (issue.state !== 'open') throw new Error(`pull request ${number} is not open`);
    this.sync(repository, number);
    const bare = this.world.bare(repository);
    const ref = `refs/heads/${pull.base}`;
    const onto = bare.ref(ref)?.sha ?? '';
    return this.at(at, () => {
      const merge = this.merged(bare, { onto, pull, issue, by, method });
      if (!bare.move(ref, merge, onto)) throw new Error(`branch \`${pull.base}\` moved meanwhile`);
      Object.assign(pull, { mergedAt: this.world.clock.now(), mergedBy: by, mergeSha: merge, mergedOnto: onto });
      this.world.happened(issue, 'merged', by, { commit: merge });
      this.world.close(issue, by, null);
      return merge;
    });
  }

  /** @param {import('./git.js').Bare} bare
   * @param {{ onto: string, pull: import('./world.js').Pull, issue: import('./world.js').Issue, by: string, method: string }} merge */
  merged(bare, { onto, pull, issue, by, method }) {
    const committer = this.world.signature('web-flow');
    if (method === 'squash') {
      const message = `${issue.title} (#${issue.number})\n\n${issue.body ?? ''}`;
      return bare.commitTree(bare.mergeTree(onto, pull.headSha), { parents: [onto], message, author: this.world.signature(issue.by), committer });
    }
    if (method === 'rebase') {
      return bare.log(onto, pull.headSha).reduce((parent, sha) => {
        const { message, author } = bare.read(sha);
        return bare.commitTree(bare.mergeTree(parent, sha), { parents: [parent], message, author, committer });
      }, onto);
    }
    const message = `Merge pull request #${issue.number} from ${pull.head}\n\n${issue.title}`;
    return bare.commitTree(bare.mergeTree(onto, pull.headSha), { parents: [onto, pull.headSha], message, author: this.world.signature(by), committer });
  }

  /** An open pull request's head is where its branch is. @param {string} repository @param {number} number */
  sync(repository, number) {
    const issue = this.world.issue(repository, number);
    if (!issue.pull || issue.state !== 'open') return;
    issue.pull.headSha = this.world.bare(repository).ref(`refs/heads/${issue.pull.head}`)?.sha ?? issue.pull.headSha;
  }

  /** @param {string} repository @param {number} number @param {string} name @param {{ by: string, at?: string }} who */
  label(repository, number, name, { by, at }) {
    this.at(at, () => this.world.label(repository, number, [name], by));
  }

  /** @param {string} repository @param {number} number @param {string} name @param {{ by: string, at?: string }} who */
  unlabel(repository, number, name, { by, at }) {
    this.at(at, () => this.world.unlabel(repository, number, name, by));
  }

  /** @param {string} repository @param {number} number @param {string} body @param {{ by: string, at?: string }} who */
  comment(repository, number, body, { by, at }) {
    return this.at(at, () => this.world.comment(repository, number, body, by).id);
  }

  /** Closes an issue or a pull request. @param {string} repository @param {number} number @param {{ by: string, at?: string, reason?: string }} who */
  close(repository, number, { by, at, reason = 'completed' }) {
    this.at(at, () => this.world.edit(repository, number, { state: 'closed', reason }, by));
  }

  /** @param {string} repository @param {number} number @param {{ by: string, at?: string }} who */
  reopen(repository, number, { by, at }) {
    this.at(at, () => this.world.edit(repository, number, { state: 'open' }, by));
  }

  /** @param {string} repository @param {number} number @param {{ title?: string, body?: string | null }} wish @param {{ by: string, at?: string }} who */
  edit(repository, number, wish, { by, at }) {
    this.at(at, () => this.world.edit(repository, number, wish, by));
  }

  /** A workflow run begins; its later attempts are the same run. @param {string} repository @param {number | string} id */
  run(repository, id) {
    return (this.world.found(repository).runs[String(id)] ??= { createdAt: this.world.clock.now(), approvals: [] });
  }

  /** A reviewer of an environment approves or rejects the job that waits for it. @param {string} repository @param {number | string} id @param {{ environment: string, by: string, state?: string, comment?: string }} approval */
  approveRun(repository, id, { environment, by, state = 'approved', comment = '' }) {
    this.world.known(by);
    this.run(repository, id).approvals.push({ environment, by, state, comment });
  }

  /** @param {string} repository @param {string} digest @param {object} bundle @param {string} [predicateType] */
  attest(repository, digest, bundle, predicateType = 'https://slsa.dev/provenance/v1') {
    const { attestations } = this.world.found(repository);
    (attestations[digest] ??= []).push({ bundle, predicateType });
  }

  /** @param {string} repository @param {number} number */
  pull(repository, number) {
    const { pull } = this.world.issue(repository, number);
    if (!pull) throw new Refusal(404, 'Not Found');
    return pull;
  }

  /** Does something at another time. @template T @param {string | undefined} at @param {() => T} act @returns {T} */
  at(at, act) {
    if (at === undefined) return act();
    const { clock } = this.world;
    const now = clock.now;
    clock.now = () => at;
    try {
      return act();
    } finally {
      clock.now = now;
    }
  }
}
