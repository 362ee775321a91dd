import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);
import {
  drive,
  host,
  run2 as run,
  usage,
  withInventory
} from "./chunk-FFKY3KVD.js";

// entries/reconcile.js
await run("Reconciliation", async (basis) => {
  const { input, tell } = basis;
  const named = input.lines("environments").flatMap((line) => line.split(",").map((name) => name.trim())).filter(Boolean);
  const environments = [...new Set(named)];
  if (environments.length < 2) {
    throw usage("the input `environments` names fewer than two environments", "give their inventory branches, lowest first, one a line");
  }
  const here = await withInventory(host(basis));
  const end = await drive(here, { command: "reconcile", inventory: "git", environments });
  const differing = end.differing ?? {};
  const count = Object.keys(differing).length;
  tell.output("differing", JSON.stringify(differing));
  tell.output("count", count);
  tell.output("same", end.same ?? 0);
  return tell.report(end, { title: "Reconciliation", fails: end.exit_code !== 0 || count > 0 && input.flag("fail") });
}, { about: "other things" });
