import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);
import {
  change,
  promoted,
  seen
} from "./chunk-2RGG6XQQ.js";
import {
  label,
  page,
  run2 as run
} from "./chunk-FFKY3KVD.js";

// lib/comment.js
import { readFile } from "node:fs/promises";
var COMMENT_MAX = 6e4;
var PAGES_MAX = 100;
async function comment(host, target, end, where) {
  const number = await pullRequest(host.env);
  if (number === void 0) return;
  const marker = `<!-- countersign assessment of ${Buffer.from(label(target)).toString("base64")} -->`;
  const body = `${marker}
${page(`Assessment of ${label(target)}`, host.tell.cleaned(end), where, COMMENT_MAX)}`;
  try {
    const { http, system } = host;
    const issues = `/repos/${system.repository}/issues`;
    const before = await earlier(host, `${issues}/${number}/comments`, marker);
    const [method, path] = before ? ["PATCH", `${issues}/comments/${before}`] : ["POST", `${issues}/${number}/comments`];
    const answer = await http({ method, path, headers: HEADERS, body: Buffer.from(JSON.stringify({ body })) });
    insist(answer);
    host.tell.line(`commented on pull request ${number}`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    host.tell.line(`the pull request has no comment of this: ${why}; the job needs \`pull-requests: write\``);
  }
}
var HEADERS = {
  accept: "application/vnd.github+json",
  "content-type": "application/json",
  "x-github-api-version": "2022-11-28"
};
async function earlier(host, comments, marker) {
  const me = await host.http({ method: "GET", path: "/user", headers: HEADERS });
  const login = me.response === "answered" && me.status === 200 ? JSON.parse(me.body.toString()).login : void 0;
  const ours = (user) => login ? user?.login === login : user?.type === "Bot";
  for (let page2 = 1; page2 <= PAGES_MAX; page2 += 1) {
    const answer = insist(await host.http({ method: "GET", path: `${comments}?per_page=100&page=${page2}`, headers: HEADERS }));
    const found = JSON.parse(answer.body.toString());
    const mine = found.find(({ user, body }) => ours(user) && body?.startsWith(marker));
    if (mine) return Number(mine.id);
    if (!/rel="next"/.test(answer.headers.link ?? "")) return void 0;
  }
  return void 0;
}
function insist(answer) {
  if (answer.response === "broken") throw new Error(answer.message);
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw new Error(`GitHub answered ${answer.status}`);
}
async function pullRequest(env) {
  if (!env.GITHUB_EVENT_NAME?.startsWith("pull_request") || !env.GITHUB_EVENT_PATH) return void 0;
  const event = JSON.parse(await readFile(env.GITHUB_EVENT_PATH, "utf8"));
  return Number.isInteger(event.pull_request?.number) ? event.pull_request.number : void 0;
}

// entries/assess.js
await run("Assessment", async (basis) => {
  const { here, target, drive, report } = await change(basis);
  const end = await drive({ command: "assess", promoted: promoted(here, await pullRequest(here.env)) });
  const refused = end.outcome === "refused";
  if (!refused && here.input.flag("comment")) await comment(here, target, end, seen(here, end));
  return report(end, "Assessment of", refused || here.input.flag("fail") && end.exit_code !== 0);
});
