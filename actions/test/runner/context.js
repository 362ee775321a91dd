// @ts-check
// The `github` context of a run, and the environment that the runner makes of it.

/** @typedef {{ repository?: string, sha?: string, ref?: string, event?: object, eventName?: string, runId?: number | string, attempt?: number,
 *   actor?: string, triggeringActor?: string, workflow?: string, workflowSha?: string, job?: string, headRef?: string, baseRef?: string }} Run */

/**
 * @param {Run} run
 * @param {{ serverUrl: string, apiUrl: string, token: string, workspace: string, eventPath: string, idOf: (login: string) => number, repositoryId: number }} machine
 * @returns {Record<string, any>}
 */
export function context(run, machine) {
  const { repository = 'acme/inventory', ref = 'refs/heads/main', actor = 'merger', workflow = 'Deploy', eventName = 'push', runId = 7001, attempt = 1 } = run;
  const sha = run.sha ?? '0'.repeat(40);
  const owner = repository.split('/')[0] ?? '';
  return {
    token: machine.token,
    action: '__self',
    action_ref: '',
    action_repository: '',
    actor,
    actor_id: String(machine.idOf(actor)),
    api_url: machine.apiUrl,
    base_ref: run.baseRef ?? '',
    event: run.event ?? {},
    event_name: eventName,
    event_path: machine.eventPath,
    graphql_url: `${machine.apiUrl}/graphql`,
    head_ref: run.headRef ?? '',
    job: run.job ?? 'deploy',
    ref,
    ref_name: ref.replace(/^refs\/(heads|tags|pull)\//, ''),
    ref_protected: 'true',
    ref_type: ref.startsWith('refs/tags/') ? 'tag' : 'branch',
    repository,
    repository_id: String(machine.repositoryId),
    repository_owner: owner,
    repository_owner_id: String(machine.idOf(owner)),
    retention_days: '90',
    run_attempt: String(attempt),
    run_id: String(runId),
    run_number: '1',
    server_url: machine.serverUrl,
    sha,
    triggering_actor: run.triggeringActor ?? actor,
    workflow,
    workflow_ref: `${repository}/.github/workflows/deploy.yml@${ref}`,
    workflow_sha: run.workflowSha ?? sha,
    workspace: machine.workspace,
  };
}

/** What of the context becomes environment: everything but the token and the event itself. @param {Record<string, any>} github */
export function environment(github) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const [name, value] of Object.entries(github)) {
    if (name !== 'token' && name !== 'event') found[`GITHUB_${name.toUpperCase()}`] = String(value);
  }
  return found;
}
