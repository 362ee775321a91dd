// @ts-check
// GitHub's published OpenAPI description, cut to the paths that the product uses, and mended where prism would skip.

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

/** The requests that the product makes. */
export const PATHS = Object.freeze([
  '/repos/{owner}/{repo}',
  '/repos/{owner}/{repo}/commits/{commit_sha}/pulls',
  '/repos/{owner}/{repo}/pulls',
  '/repos/{owner}/{repo}/pulls/{pull_number}',
  '/repos/{owner}/{repo}/pulls/{pull_number}/reviews',
  '/repos/{owner}/{repo}/pulls/{pull_number}/commits',
  '/repos/{owner}/{repo}/pulls/{pull_number}/files',
  '/repos/{owner}/{repo}/compare/{basehead}',
  '/repos/{owner}/{repo}/issues',
  '/repos/{owner}/{repo}/issues/{issue_number}',
  '/repos/{owner}/{repo}/issues/{issue_number}/timeline',
  '/repos/{owner}/{repo}/issues/{issue_number}/labels',
  '/repos/{owner}/{repo}/issues/{issue_number}/labels/{name}',
  '/repos/{owner}/{repo}/issues/{issue_number}/comments',
  '/repos/{owner}/{repo}/issues/comments/{comment_id}',
  '/repos/{owner}/{repo}/labels',
  '/repos/{owner}/{repo}/labels/{name}',
  '/repos/{owner}/{repo}/git/refs',
  '/repos/{owner}/{repo}/git/refs/{ref}',
  '/repos/{owner}/{repo}/git/ref/{ref}',
  '/repos/{owner}/{repo}/git/matching-refs/{ref}',
  '/orgs/{org}/teams/{team_slug}/members',
  '/repos/{owner}/{repo}/actions/runs/{run_id}',
  '/repos/{owner}/{repo}/actions/runs/{run_id}/approvals',
  '/repos/{owner}/{repo}/attestations/{subject_digest}',
]);

/** @param {any} description the whole description @param {readonly string[]} paths @returns {any} */
export function subset(description, paths = PATHS) {
  const missing = paths.filter((path) => !description.paths[path]);
  if (missing.length > 0) throw new Error(`GitHub's description has no ${missing.join(', ')}`);
  const kept = {
    openapi: description.openapi,
    info: description.info,
    servers: [{ url: '/' }],
    paths: Object.fromEntries(paths.map((path) => [path, structuredClone(description.paths[path])])),
    components: {},
  };
  for (const item of Object.values(kept.paths)) for (const method of METHODS) strip(item[method]);
  kept.components = used(kept, description.components);
  mend(kept);
  return kept;
}

/** Examples are long, and say nothing to a validator. @param {any} operation */
function strip(operation) {
  if (!operation) return;
  for (const part of [operation.requestBody, ...Object.values(operation.responses)]) {
    for (const content of Object.values(part?.content ?? {})) {
      delete content.examples;
      delete content.example;
    }
  }
}

/** The components that something refers to, and what they refer to. @param {any} root @param {any} components */
function used(root, components) {
  /** @type {Record<string, Record<string, any>>} */
  const kept = {};
  const waiting = [root];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (node === null || typeof node !== 'object') continue;
    for (const [key, value] of Object.entries(node)) {
      if (key !== '$ref' || typeof value !== 'string') {
        waiting.push(value);
        continue;
      }
      const [, , kind = '', name = ''] = value.split('/');
      if (kept[kind]?.[name] !== undefined) continue;
      (kept[kind] ??= {})[name] = kind === 'examples' ? {} : structuredClone(components[kind][name]);
      waiting.push(kept[kind]?.[name]);
    }
  }
  return kept;
}

/** prism checks no body whose schema has `nullable` without `type`, and says nothing: such a schema says the same in
 * another way here. Doubled words in an enumeration stop it as well. @param {any} node */
function mend(node) {
  if (node === null || typeof node !== 'object') return;
  Object.values(node).forEach(mend);
  if (Array.isArray(node.enum)) node.enum = [...new Set(node.enum)];
  if (node.nullable !== true || node.type !== undefined) return;
  delete node.nullable;
  const nothing = { type: 'string', nullable: true, pattern: '^(?!)$' };
  if (Array.isArray(node.oneOf)) node.oneOf.push(nothing);
  else if (Array.isArray(node.anyOf)) node.anyOf.push(nothing);
  else {
    const { allOf, $ref, ...rest } = node;
    for (const key of Object.keys(node)) delete node[key];
    Object.assign(node, { anyOf: [allOf ? { ...rest, allOf } : $ref ? { $ref } : rest, nothing] });
  }
}
