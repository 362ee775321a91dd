import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);
import {
  change,
  promoted
} from "./chunk-2RGG6XQQ.js";
import {
  run2 as run,
  waiting
} from "./chunk-FFKY3KVD.js";

// entries/open.js
await run("Deployment", async (basis) => {
  const { here, drive, report } = await change(basis);
  const end = await drive({ command: "open", promoted: promoted(here), wait: waiting(here.input) });
  return report(end, "Deployment to");
});
