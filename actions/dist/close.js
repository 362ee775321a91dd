import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);
import {
  change,
  promoted,
  reports,
  restored
} from "./chunk-2RGG6XQQ.js";
import {
  run2 as run,
  usage
} from "./chunk-FFKY3KVD.js";

// entries/close.js
await run("Deployment", async (basis) => {
  const { here, drive, report } = await change(basis);
  const said = await reports(here);
  const back = here.input.text("rollback-change-request-id") !== void 0;
  if (said.some(({ step }) => step === "deploy")) {
    const command2 = back ? restored(here, said) : { command: "close", promoted: promoted(here), reports: said };
    return report(await drive(command2), "Deployment to");
  }
  const command = back ? restored(here) : { command: "open", promoted: promoted(here) };
  const end = await drive({ ...command, dry_run: true });
  if (end.outcome !== "cleared") return report(end, "Deployment to");
  throw usage("the deployment was not begun, so there is nothing to close", "run the workflow again; the change continues where it is");
});
