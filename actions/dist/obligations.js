import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);
import {
  drive,
  host,
  run2 as run,
  usage,
  withLedger
} from "./chunk-FFKY3KVD.js";

// entries/obligations.js
var TOLD_MAX = 9;
await run("Obligations", async (basis) => {
  const here = await withLedger(host(basis));
  const { input, system, tell } = here;
  if (!await here.ledger.exists()) {
    throw usage(`\`${system.repository}\` has no branch \`${system.records}\``, "name the branch of the records with `records-branch`; the first change makes it");
  }
  const end = await drive(here, { command: "obligations", environment: input.text("environment"), region: input.text("region") });
  const owed = end.obligations ?? [];
  const overdue = owed.filter((line) => line.overdue);
  tell.output("obligations", JSON.stringify(owed));
  tell.output("open", owed.length);
  tell.output("overdue", overdue.length);
  for (const line of overdue.slice(0, TOLD_MAX)) tell.error(line.what, `Countersign: ${line.change_request_id}, ${line.id}`);
  return tell.report(end, { title: "Obligations" });
}, { about: "other things" });
