import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);
import {
  below,
  document,
  read
} from "./chunk-25GNQJ6N.js";
import {
  EXIT,
  Refusal,
  commitId,
  defect,
  excerpt,
  folder2 as folder,
  format,
  github,
  journals,
  logPath,
  run,
  standing,
  supplied,
  target,
  usage,
  waiting
} from "./chunk-KTBYMIVO.js";

// lib/perform.js
var EXCHANGES_MAX = 2e3;
var TELLING_MAX = 5e3;
async function perform(host, effect, pointer, commit) {
  const { key, action } = effect;
  const failed = (trouble) => ({ event: "failed", effect: key, trouble });
  switch (action.effect) {
    case "run":
      throw defect("a command, where the workflow runs them all");
    case "conclude": {
      if (action.pointer !== pointer.name || action.commit !== commit) throw defect("another pointer than the target's");
      const trouble = await host.inventory.conclude(pointer, commit);
      return trouble ? failed(trouble) : { event: "concluded", pointer: pointer.name };
    }
    case "notify": {
      const trouble = await notify(host, action.channel, host.ask.take(action.body));
      return trouble ? failed(trouble) : { event: "notified", channel: action.channel, moment: action.moment };
    }
    case "wait":
      host.tell.line(`waiting until ${action.until}: ${action.why}`);
      await host.clock.until(action.until);
      return { event: "waited", until: action.until };
    default:
      return (await errand(host, host.system, { errand: "perform", effect })).event;
  }
}
async function errand(host, system, errand2) {
  const responses = [];
  host.store.refresh();
  for (let exchanges = 0; exchanges < EXCHANGES_MAX; exchanges += 1) {
    const next = host.ask("connect", { system, errand: errand2, responses }, "exchange");
    if (next.exchange === "done" || next.exchange === "gathered") return next;
    responses.push(await exchange(host, next));
  }
  throw defect("an errand that does not end");
}
async function exchange(host, next) {
  const { ask, store } = host;
  try {
    switch (next.exchange) {
      case "get": {
        const found = await store.get(next.path);
        return found ? { response: "found", digest: ask.give(next.path, found.bytes).digest } : { response: "absent" };
      }
      case "put":
        return { response: await store.put(next.path, ask.take(next.content), next.expected ?? void 0) };
      case "http": {
        const body = next.body && ask.take(next.body);
        const answer = await host.http({ method: next.method, path: next.path, headers: next.headers, body });
        return answer.response === "answered" ? { ...answer, body: ask.give("answer", answer.body).digest } : answer;
      }
      case "wait":
        await host.clock.seconds(next.seconds);
        return { response: "waited" };
      default:
        throw defect(`an exchange that is none: \`${next.exchange}\``);
    }
  } catch (error) {
    if (error instanceof Refusal && error.exitCode !== 1) return { response: "broken", message: error.message };
    throw error;
  }
}
async function notify(host, channel, body) {
  const url = host.webhooks.get(channel);
  if (!url) return { code: "not-configured", message: `nobody said where the channel \`${channel}\` leads` };
  const headers = { "content-type": "application/json" };
  const signal = AbortSignal.timeout(TELLING_MAX);
  const options = (
    /** @type {RequestInit} */
    { method: "POST", headers, body: Buffer.from(body), redirect: "manual", signal }
  );
  try {
    const answer = await host.fetch(url, options);
    await answer.body?.cancel();
    return answer.ok ? void 0 : { code: "unavailable", message: `the webhook answered ${answer.status}` };
  } catch {
    return { code: "unavailable", message: "the webhook cannot be reached" };
  }
}

// lib/gather.js
function pointerName({ region }, environment) {
  return region === void 0 ? `${environment}_latest` : `${region}_${environment}_latest`;
}
async function gather(host, { target: target2, commit }) {
  const { ask, input, inventory, store, tell } = host;
  const current = await inventory.tree(commit);
  const { pointer, commit: last } = await inventory.concluded(pointerName(target2, target2.environment));
  const staging = input.text("staging");
  const proved = staging && (await inventory.concluded(pointerName(target2, staging))).commit;
  const concluded = last ? await inventory.tree(last) : void 0;
  const reviews = (entry, before) => ({ entry, before, now: host.clock.now() });
  const known = [
    ...input.flag("peer-review") ? await atGithub(host, current, concluded, "reviews", "peer-review.json", reviews) : [],
    ...input.flag("attestations") ? await atGithub(host, current, concluded, "attestations", "attestations.jsonl", (entry) => ({ entry })) : []
  ];
  const documents = {
    policy: await document(ask, input.text("policy"), "policy"),
    evidence_checks: await document(ask, input.text("evidence-checks"), "evidence-checks"),
    inventory: current,
    concluded,
    staging: proved && await inventory.tree(proved),
    ignore_file: await inventory.file(commit, input.text("ignore-file") ?? ".inventoryignore"),
    evidence: [...await evidence(ask, input.lines("evidence"), tell), ...known]
  };
  return { documents, history: await journals(ask, store), pointer };
}
async function atGithub(host, current, concluded, what, file, about) {
  const { settings, env, tell } = host;
  const read2 = [];
  for (const entry of current.files) {
    const before = concluded?.files.find(({ name }) => name === entry.name);
    if (before?.digest === entry.digest) continue;
    const end = await errand(host, github(settings, env), { errand: what, ...about(entry, before) });
    if (end.exchange === "gathered") read2.push({ name: `github/${entry.name}/${file}`, digest: end.digest });
    else tell.line(`the ${what} of \`${entry.name}\` cannot be read: ${end.event?.trouble?.message}`);
  }
  return read2;
}
async function evidence(ask, folders, tell) {
  const given = [];
  for (const folder2 of folders) {
    const { files, links } = await below(folder2, "evidence");
    tell.line(`evidence: ${files.length === 1 ? "1 file" : `${files.length} files`} in \`${folder2}\``);
    links.forEach((name) => tell.line(`\`${name}\` is a link; links are not followed`));
    for (const [name, path] of files) {
      given.push(ask.give(folders.length > 1 ? `${folder2}/${name}` : name, await read(path, "evidence")));
    }
  }
  return given;
}

// lib/change.js
async function promoted(host, number) {
  const { input } = host;
  const target2 = target(input);
  const supplied2 = supplied(input);
  const branch = input.text("branch") ?? target2.environment;
  const asks = common(host, target2);
  const wait = waiting(input, host.clock, format);
  const commit = await toDeploy(host, branch);
  const { documents, history, pointer } = await gather(host, { target: target2, commit });
  const promotion = await theirs(host, { commit, number, branch, policy: documents.policy });
  return {
    asks: {
      ...asks,
      documents: { ...documents, promotion },
      history,
      change_request_id: supplied2,
      force_redeploy: input.flag("force-redeploy")
    },
    pointer,
    wait
  };
}
async function restored(host) {
  const { input, ask, store } = host;
  const target2 = target(input);
  const id = input.required("rollback-change-request-id");
  const asks = common(host, target2);
  const wait = waiting(input, host.clock, format);
  const { commit } = await standing(ask, store, id);
  if (!commit) throw usage(`change request \`${excerpt(id, 80)}\` deployed nothing that a commit names`);
  const { documents, history, pointer } = await gather(host, { target: target2, commit });
  const rollback = { change_request_id: id, emergency: input.flag("emergency") };
  return { asks: { ...asks, documents, history, rollback }, pointer, wait };
}
function common({ input, env, clock }, target2) {
  return { started: clock.now(), target: target2, run: run(env), attempt: input.count("attempt", 1) ?? 1 };
}
async function toDeploy({ input, env, inventory }, branch) {
  const named = input.text("commit");
  if (named) return commitId(named);
  const here = inventory.repository === void 0 || inventory.repository.toLowerCase() === env.GITHUB_REPOSITORY?.toLowerCase();
  if (!input.text("branch") && here && env.GITHUB_SHA) return commitId(env.GITHUB_SHA);
  return inventory.branch(branch);
}
async function theirs(host, what) {
  const given = await document(host.ask, host.input.text("promotion"), "promotion");
  if (given) return given;
  const repository = host.inventory.repository ?? host.settings.repository;
  const system = github({ ...host.settings, repository }, host.env);
  const end = await errand(host, system, { errand: "promotion", ...what });
  if (end.exchange === "gathered") return { name: end.name, digest: end.digest };
  const trouble = end.event?.trouble ?? {};
  throw unreadable(trouble);
}
function unreadable({ code, message, help }) {
  const fault = { code, message: message ?? "the promotion pull request cannot be read", help };
  const absent = code === "not-found";
  if (absent) fault.help ??= "promote by merging a pull request into the inventory branch; name that with `branch` if it is not called as the environment";
  return new Refusal(absent ? EXIT.usage : EXIT.unavailable, [fault]);
}

// lib/loop.js
var JOURNALS_MAX = 3;
var PLANS_MAX = 2e4;
var PARKED = ["deploy", "accept", "verify", "rollback"];
async function look(host, asks, mode, driving) {
  const ask = (journal2) => plan(host, { ...asks, mode, drive: driving, journal: journal2 });
  if (asks.history.length === 0 && asks.change_request_id === void 0) {
    return { response: planned(ask(host.ask.give("journal.jsonl", Buffer.alloc(0)))) };
  }
  const { id, response, journal } = await first(host, ask);
  const standing2 = journal.digest && host.ask("status", { journal: journal.named }, "status");
  return { response, id, standing: standing2 };
}
async function act(host, asks, driving, pointer, logs = []) {
  const ask = (journal2, answer) => plan(host, { ...asks, mode: "act", drive: driving, journal: journal2, answer });
  const begun = await first(host, ask, (id2) => keepLogs(host, id2, logs));
  const { journal, id } = begun;
  let response = begun.response;
  for (let plans = 0; plans < PLANS_MAX; plans += 1) {
    await keep(host, journal, response.journal);
    for (const { event: event2 } of response.appended ?? []) host.tell.decided(event2);
    const { effect, end } = response;
    if (Boolean(effect) === Boolean(end)) throw defect("neither one effect nor one end");
    if (end) return { response, id, standing: response.journal && host.ask("status", { journal: journal.named }, "status") };
    const event = await perform(host, effect, pointer, asks.documents.inventory.commit);
    host.tell.ended(id, event);
    response = planned(ask(journal.named, { key: effect.key, event }));
  }
  throw defect("the plan does not end");
}
async function first(host, ask, before) {
  let recall = ask();
  if (recall.type !== "recall") throw defect("a plan without a journal");
  const { id } = recall;
  await before?.(id);
  for (let tried = 0; tried < JOURNALS_MAX; tried += 1) {
    const path = `${folder(id)}/${recall.journal}`;
    const found = await host.store.get(path);
    const named = host.ask.give("journal.jsonl", found?.bytes ?? Buffer.alloc(0));
    const response = ask(named);
    if (response.type === "plan") return { id, response, journal: { path, digest: found?.digest, named } };
    recall = response;
  }
  throw defect("journal after journal");
}
function plan(host, request) {
  return host.ask("plan", { ...request, now: host.clock.now() }, "plan", "recall");
}
function planned(response) {
  if (response.type === "plan") return response;
  throw defect("another journal in the middle of a change");
}
async function keep(host, journal, head) {
  if (!head || head.digest === journal.digest) return;
  if (await host.store.put(journal.path, host.ask.take(head.digest), journal.digest) === "conflict") {
    const message = `another run of this change wrote \`${journal.path}\``;
    throw new Refusal(EXIT.held, [{ message, help: "run the job again when it has ended; it continues here" }]);
  }
  journal.digest = head.digest;
  journal.named = { ...journal.named, digest: head.digest };
}
async function keepLogs({ ask, store, tell }, id, logs) {
  const earlier = await store.getAll(await store.list(`${folder(id)}/logs/`));
  for (const [path, { bytes }] of earlier) ask.give(path, bytes);
  for (const bytes of logs) {
    const path = logPath(id, ask.give("log", bytes).digest);
    if (!earlier.has(path)) await store.put(path, bytes).catch((error) => tell.line(`a log is not kept: ${error.message}`));
  }
}

export {
  promoted,
  restored,
  PARKED,
  look,
  act
};
