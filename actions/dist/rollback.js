import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);
import {
  change,
  restored
} from "./chunk-2RGG6XQQ.js";
import {
  run2 as run,
  waiting
} from "./chunk-FFKY3KVD.js";

// entries/rollback.js
await run("Rollback", async (basis) => {
  const { here, drive, report } = await change(basis);
  const end = await drive({ ...restored(here), wait: waiting(here.input) });
  return report(end, "Rollback of");
});
