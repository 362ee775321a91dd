import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);
import {
  access,
  excerpt,
  folder,
  gitStore,
  journals,
  label,
  listPage,
  obligations,
  run2 as run,
  usage
} from "./chunk-KTBYMIVO.js";

// entries/obligations.js
import { join } from "node:path";
await run("Obligations", async (basis) => {
  const { ask, clock, env, input, tell, world } = basis;
  const { repository, records, server, token } = access(basis).system;
  const place = `${server}/${repository}/blob/${records}`;
  const where = { url: `${server}/${repository}.git`, token, branch: records, place };
  const store = await gitStore(world, join(await folder(env), "store"), where);
  if (!await store.exists()) {
    throw usage(`\`${repository}\` has no branch \`${records}\``, "name the branch of the records with `records-branch`; the first change makes it");
  }
  const survey = ask("survey", { now: clock.now(), journals: await journals(ask, store) }, "survey");
  const [environment, region] = [input.text("environment"), input.text("region")];
  const here = ({ target }) => target && (!environment || environment === target.environment) && (!region || region === target.region);
  const changes = survey.changes.filter(here);
  if ((environment || region) && changes.length === 0) {
    const target = label({ environment: environment ?? "*", region });
    throw usage(`no change of \`${excerpt(target, 80)}\` is recorded`, "name `environment` and `region` as `open` does, or leave them out");
  }
  const owed = changes.flatMap(lines);
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
function lines({ id, target, obligations: obligations2 }) {
  const open = obligations2.filter((owed) => !owed.fulfilled_at);
  return open.map((owed) => ({ change: id, target, ...owed, where: label(target) }));
}
