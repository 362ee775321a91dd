import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);
import {
  PARKED,
  act,
  promoted
} from "./chunk-L74GSIC7.js";
import "./chunk-FUN2SSNI.js";
import {
  host,
  report,
  run2 as run
} from "./chunk-IBWCT4YK.js";

// entries/open.js
await run("Change", async (basis) => {
  const here = await host(basis);
  const { asks, pointer, wait } = await promoted(here);
  const came = await act(here, asks, { parked: PARKED, reports: [], wait }, pointer);
  return here.tell.report(report(here, came), { title: "Change" });
});
