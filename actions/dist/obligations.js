import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);
import {
  access,
  folder,
  gitStore,
  journals,
  label,
  listPage,
  obligations,
  run2 as run
} from "./chunk-D7W44NOX.js";

// entries/obligations.js
import { join } from "node:path";
await run("Obligations", async (basis) => {
  const { ask, clock, env, input, tell, world } = basis;
  const { repository, records, server, token } = access(basis).system;
  const place = `${server}/${repository}/blob/${records}`;
  const where = { url: `${server}/${repository}.git`, token, branch: records, place };
  const store = await gitStore(world, join(await folder(env), "store"), where);
  const survey = ask("survey", { now: clock.now(), journals: await journals(ask, store) }, "survey");
  const owed = survey.changes.flatMap((change) => lines(change, input));
  owed.sort((a, b) => a.due + a.id < b.due + b.id ? -1 : 1);
  const overdue = owed.filter((line) => line.overdue);
  const words = owed.length === 0 ? "nothing is owed" : `${owed.length} obligations are open, ${overdue.length} overdue`;
  tell.output("obligations", JSON.stringify(owed));
  tell.output("open", owed.length);
  tell.output("overdue", overdue.length);
  await tell.page(listPage("Obligations", words, [obligations(owed)]));
  tell.line(words);
  for (const line of overdue.slice(0, 10)) tell.error(`${line.what}: owed by ${line.owner} since ${line.due}`, `Countersign: ${line.change}, ${line.id}`);
  return overdue.length > 0 ? survey.exit_code || 1 : 0;
}, { about: "other things" });
function lines({ id, target, obligations: obligations2 }, input) {
  const [environment, region] = [input.text("environment"), input.text("region")];
  const here = target && (!environment || environment === target.environment) && (!region || region === target.region);
  const open = here ? obligations2.filter((owed) => !owed.fulfilled_at) : [];
  return open.map((owed) => ({ change: id, target, ...owed, where: label(target) }));
}
