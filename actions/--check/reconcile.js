import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);
import {
  access,
  checkout,
  code,
  folder,
  html,
  listPage,
  row,
  run2 as run,
  table,
  usage
} from "./chunk-KTBYMIVO.js";

// entries/reconcile.js
import { join } from "node:path";
await run("Reconciliation", async (basis) => {
  const { ask, env, input, tell, world } = basis;
  const named = input.lines("environments").flatMap((line) => line.split(",").map((name) => name.trim())).filter(Boolean);
  const names = [...new Set(named)];
  if (names.length < 2) {
    throw usage("the input `environments` names fewer than two environments", "give their inventory branches, lowest first, one a line");
  }
  const inventory = await checkout(basis, access(basis).system, join(await folder(env), "inventory"));
  const environments = [];
  for (const environment of names) {
    environments.push({ environment, inventory: await inventory.tree(await inventory.branch(environment)) });
  }
  const { differing, same } = ask("reconcile", { environments }, "reconciliation");
  const entries = Object.entries(differing);
  const rows = entries.map(([entry, versions]) => row(code(entry), ...versions.map((version) => version ? code(version.version) : "\u2014")));
  const words = entries.length === 0 ? `all ${same} entries are the same` : `${entries.length} entries differ, ${same} are the same`;
  const section = table("Entries that differ", ["Entry", ...names.map(html)], rows);
  tell.output("differing", JSON.stringify(Object.fromEntries(entries)));
  tell.output("count", entries.length);
  tell.output("same", same);
  await tell.page(listPage("Reconciliation", words, [section]));
  tell.line(words);
  if (entries.length > 0 && input.flag("fail")) {
    world.core.error(words, { title: "Countersign: environments differ" });
    return 1;
  }
  return 0;
}, { about: "other things" });
