import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);
import {
  approvals,
  commitId,
  drive,
  host,
  label,
  read,
  run,
  supplied,
  target,
  withInventory,
  withLedger
} from "./chunk-FFKY3KVD.js";

// lib/change.js
import { basename, dirname } from "node:path";
var ENDS = (
  /** @type {const} */
  ["success", "failure", "cancelled", "skipped"]
);
var STEPS = (
  /** @type {const} */
  [
    { step: "deploy", input: "deploy", log: "deploy-log" },
    { step: "accept", input: "acceptance", log: "acceptance-log" },
    { step: "verify", input: "verification", log: "verification-log" },
    { step: "rollback", input: "rollback", log: "rollback-log" }
  ]
);
async function change(basis) {
  const { input, env } = basis;
  const target2 = target(input);
  const unplaced = host(basis);
  const approvals2 = approvals(input, env, unplaced.system);
  const here = await withLedger(await withInventory(unplaced));
  const evidence = input.lines("evidence").map((folder, at) => {
    const place2 = `evidence/${at + 1}`;
    here.places.set(place2, { folder, input: "evidence" });
    return { place: place2, name: folder };
  });
  const told = {
    ...target2,
    policy: located(here, "policy"),
    evidence_checks: located(here, "evidence-checks"),
    ignore_file: input.text("ignore-file"),
    evidence,
    inventory: "git",
    system: changes(here.system, env, approvals2),
    // Promotions are where the inventory is, wherever the change requests are.
    promotions: place({ ...here.system, repository: here.inventory.repository }, env),
    run: run(env),
    peer_review: input.flag("peer-review"),
    attestations: input.flag("attestations")
  };
  return {
    here,
    target: target2,
    /** @param {object} command */
    drive: (command) => drive(here, command, told),
    /**
     * @param {import('./session.js').End} end
     * @param {string} what
     * @param {boolean} [fails]
     */
    report: (end, what, fails) => here.tell.report(end, { title: `${what} ${label(target2)}`, fails, ...seen(here, end) })
  };
}
function seen({ system: { server, repository, records } }, { url, folder }) {
  const at = (kind) => folder && `${server}/${repository}/${kind}/${records}/${folder}`;
  return { url: typeof url === "string" && url.startsWith(`${server}/`) ? url : at("tree"), files: at("blob") };
}
function changes(system, env, approvals2) {
  return system.kind === "ledger" ? { system: "ledger" } : { system: "github", ...place(system, env), approvals: approvals2 };
}
function place({ repository, records, server }, env) {
  return { repository, records, server, run: run(env).id };
}
function promoted(here, number) {
  const { input } = here;
  return {
    commit: toDeploy(here),
    promotion: located(here, "promotion"),
    number,
    change_request_id: supplied(input),
    force_redeploy: input.flag("force-redeploy"),
    attempt: input.count("attempt", 1)
  };
}
function restored({ input }, said = []) {
  return {
    command: "rollback",
    change_request_id: input.required("rollback-change-request-id"),
    emergency: input.flag("emergency"),
    attempt: input.count("attempt", 1),
    reports: said
  };
}
function toDeploy({ input, env, inventory: { repository } }) {
  const named = input.text("commit");
  if (named) return commitId(named);
  const ours = repository.toLowerCase() === env.GITHUB_REPOSITORY?.toLowerCase();
  return !input.text("branch") && ours && env.GITHUB_SHA ? commitId(env.GITHUB_SHA) : void 0;
}
async function reports(here) {
  const { input, tell } = here;
  const told = [];
  for (const { step, input: name, log: file } of STEPS) {
    const end = input.choice(name, ENDS);
    if (end === void 0 || end === "skipped") continue;
    const missing = await read(input.text(file) ?? "", file).then(() => void 0, (error) => error);
    if (input.text(file) && missing) tell.warning(`${missing.message}: the record has no log of it`, "Countersign: a log is missing");
    const note = end === "cancelled" ? "it was cancelled" : void 0;
    told.push({ step, success: end === "success", note, log: missing ? void 0 : located(here, file, `log/${step}`) });
  }
  return told;
}
function located({ input: inputs, places }, input, place2 = input) {
  const path = inputs.text(input);
  if (path === void 0) return void 0;
  places.set(place2, { folder: dirname(path), input });
  return { place: place2, path: basename(path) };
}

export {
  change,
  seen,
  promoted,
  restored,
  reports
};
