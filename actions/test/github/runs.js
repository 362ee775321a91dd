// @ts-check
// The shape of a workflow run, with every field that GitHub's OpenAPI description requires.

/** @param {import('./answers.js').Answers} shape @param {string} fullName @param {number} id @param {import('./world.js').Run} run */
export function workflowRun(shape, fullName, id, { createdAt }) {
  const repository = shape.repository(fullName);
  const url = `${shape.url(fullName)}/actions/runs/${id}`;
  return {
    id,
    name: 'deploy',
    node_id: shape.node('WorkflowRun', id),
    head_branch: 'prod',
    head_sha: '0'.repeat(40),
    path: '.github/workflows/deploy.yml',
    display_title: 'Promote',
    run_number: 1,
    event: 'push',
    status: 'in_progress',
    conclusion: null,
    workflow_id: 1,
    url,
    html_url: `${shape.html}/${fullName}/actions/runs/${id}`,
    pull_requests: [],
    created_at: createdAt,
    updated_at: createdAt,
    jobs_url: `${url}/jobs`,
    logs_url: `${url}/logs`,
    check_suite_url: `${shape.url(fullName)}/check-suites/1`,
    artifacts_url: `${url}/artifacts`,
    cancel_url: `${url}/cancel`,
    rerun_url: `${url}/rerun`,
    workflow_url: `${shape.url(fullName)}/actions/workflows/1`,
    head_commit: null,
    repository,
    head_repository: repository,
  };
}
