import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);
import {
  PARKED,
  act,
  promoted
} from "./chunk-FPIMSHAZ.js";
import "./chunk-25GNQJ6N.js";
import {
  host,
  label,
  report,
  run2 as run
} from "./chunk-KTBYMIVO.js";

// entries/open.js
await run("Deployment", async (basis) => {
  const here = await host(basis);
  const { asks, pointer, wait } = await promoted(here);
  const came = await act(here, asks, { parked: PARKED, reports: [], wait }, pointer);
  return here.tell.report(report(here, came, asks), { title: `Deployment to ${label(asks.target)}` });
});
