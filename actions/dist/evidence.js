import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);
import {
  commitId,
  defect,
  drive,
  host,
  run2 as run,
  usage,
  withInventory
} from "./chunk-FFKY3KVD.js";

// lib/evidence.js
import { basename, dirname, join } from "node:path";
var OUTCOMES = (
  /** @type {const} */
  ["success", "failure", "pending", "cancelled", "skipped"]
);
var ABOUT = (
  /** @type {const} */
  ["entry", "commit", "image", "uri"]
);
async function record(basis) {
  const { input, env } = basis;
  const what = about(input);
  const here = what.kind === "entry" ? await withInventory(host(basis)) : host(basis);
  const into = input.text("into") ?? "evidence";
  here.places.set("evidence", { folder: into, input: "into" });
  const command = {
    command: "record",
    check: input.required("check"),
    reports: reports(here),
    tool: input.text("tool"),
    outcome: input.choice("outcome", OUTCOMES),
    about: what,
    run: input.text("run"),
    this_run: env.GITHUB_RUN_ID,
    attempt: input.count("attempt", 1) ?? (Number(env.GITHUB_RUN_ATTEMPT) || 1),
    date: input.text("date")
  };
  if (command.reports.length === 0 && command.outcome === void 0) {
    throw usage("nothing says how the check ended", "give its report as `file`, or `outcome: ${{ steps.<id>.outcome }}`");
  }
  const end = await drive(here, command);
  if (end.exit_code !== 0) return { end };
  const [recorded, ...more] = end.records ?? [];
  if (!recorded || more.length > 0) throw defect("one report is not one record");
  const report = recorded.report && join(into, recorded.report);
  return { end, recorded: { ...recorded, record: join(into, recorded.record), report } };
}
function about(input) {
  const [kind, ...more] = ABOUT.filter((name) => input.text(name) !== void 0);
  if (kind === void 0 || more.length > 0) {
    throw usage(`the evidence is about ${kind === void 0 ? "nothing" : "several things"}`, "give one of `entry`, `commit`, `image` and `uri`");
  }
  const value = input.required(kind);
  switch (kind) {
    case "commit":
      return { kind, sha: commitId(value) };
    case "image":
      return { kind, digest: value };
    case "uri":
      return { kind, uri: value };
    case "entry":
      return { kind, name: value, inventory: "git", branch: input.text("branch") ?? "dev" };
  }
}
function reports({ input, places }) {
  const path = input.text("file");
  if (path === void 0) return [];
  places.set("reports", { folder: dirname(path), input: "file" });
  return [{ place: "reports", files: basename(path).replace(/[*?[\]{}\\]/g, "\\$&") }];
}

// entries/evidence.js
await run("Evidence", async (basis) => {
  const { tell } = basis;
  const { end, recorded } = await record(basis);
  if (!recorded) return tell.report(end, { title: "Evidence" });
  const { check, tool, outcome, record: path, report } = recorded;
  tell.output("record", path);
  tell.output("report", report ?? "");
  tell.output("outcome", outcome);
  tell.line(`${path}: \`${check}\` by \`${tool}\`: ${outcome}`);
  return 0;
}, { about: "other things" });
