import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);
import {
  PARKED,
  act,
  look,
  promoted,
  restored
} from "./chunk-FPIMSHAZ.js";
import {
  read
} from "./chunk-25GNQJ6N.js";
import {
  EXIT,
  host,
  label,
  report,
  run2 as run,
  usage
} from "./chunk-KTBYMIVO.js";

// lib/redact.js
var REDACTED = Buffer.from("***");
var LINE_MIN = 8;
var DISGUISED_MIN = 4;
function secrets(values) {
  const whole = values.flatMap((value) => [value, value.trim()]).filter((value) => value !== "");
  const lines = whole.flatMap((value) => value.split(/\r?\n/)).filter((line) => line.length >= LINE_MIN);
  const forms = new Set([...whole, ...lines].flatMap(disguises));
  return [...forms].map((form) => Buffer.from(form)).sort((a, b) => b.length - a.length);
}
function disguises(secret) {
  if (secret.length < DISGUISED_MIN) return [secret];
  const bytes = Buffer.from(secret);
  const json = JSON.stringify(secret).slice(1, -1);
  return [secret, json, encodeURIComponent(secret), bytes.toString("hex"), bytes.toString("hex").toUpperCase(), ...base64(bytes)];
}
function base64(bytes) {
  return [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64").replace(/=+$/, "");
    const sure = text.slice([0, 2, 3][shift], (shift + bytes.length) % 3 === 0 ? void 0 : -1);
    return sure.length < DISGUISED_MIN ? [] : [sure, sure.replaceAll("+", "-").replaceAll("/", "_")];
  });
}
function without(bytes, forms) {
  return forms.reduce((rest, form) => replaced(rest, form), bytes);
}
function replaced(bytes, form) {
  const parts = [];
  let from = 0;
  for (let at = bytes.indexOf(form); at !== -1; at = bytes.indexOf(form, from)) {
    parts.push(bytes.subarray(from, at), REDACTED);
    from = at + form.length;
  }
  return parts.length === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(from)]);
}

// lib/reported.js
var ENDS = (
  /** @type {const} */
  ["success", "failure", "cancelled", "skipped"]
);
var STEPS = [
  { step: "deploy", input: "deploy", log: "deploy-log" },
  { step: "accept", input: "acceptance", log: "acceptance-log" },
  { step: "verify", input: "verification", log: "verification-log" },
  { step: "rollback", input: "rollback", log: "rollback-log" }
];
async function reported({ world, env, input, ask, tell, webhooks, settings }) {
  const hidden = secrets([settings.token, ...webhooks.values(), ...named(input, env)]);
  for (const secret of named(input, env)) world.core.setSecret(secret);
  const reports = [];
  const logs = [];
  for (const { step, input: name, log: file } of STEPS) {
    const end = input.choice(name, ENDS);
    if (end === void 0 || end === "skipped") continue;
    const path = input.text(file);
    const log = path && await logged(path, file, tell).then((bytes) => bytes && without(bytes, hidden));
    if (log) logs.push(log);
    reports.push({
      step,
      success: end === "success",
      ...end === "cancelled" ? { note: "it was cancelled" } : {},
      ...log ? { log: ask.give("log", log).digest } : {}
    });
  }
  const deploy = input.choice("deploy", ENDS);
  return { began: deploy !== void 0 && deploy !== "skipped", reports, logs };
}
function logged(path, input, tell) {
  return read(path, input).catch((error) => {
    tell.warning(`${error.message}: the record has no log of it`, "Countersign: a log is missing");
    return void 0;
  });
}
function named(input, env) {
  return input.lines("secret-env").map((name) => {
    const value = env[name];
    if (value) return value;
    throw usage(`the variable \`${name}\`, which the input \`secret-env\` names, is not set`, "set it in `env:` of the step");
  });
}

// entries/close.js
await run("Deployment", async (basis) => {
  const here = await host(basis);
  const said = await reported(here);
  const { asks, pointer } = await (here.input.text("rollback-change-request-id") ? restored(here) : promoted(here));
  const driving = { parked: PARKED, reports: said.reports };
  const came = said.began ? await act(here, asks, driving, pointer, said.logs) : await look(here, asks, "preview", driving);
  return here.tell.report(finished(report(here, came, asks)), { title: `Deployment to ${label(asks.target)}` });
});
function finished(report2) {
  if (report2.outcome !== "cleared") return report2;
  return {
    ...report2,
    outcome: "report-needed",
    verdict: "hold",
    exitCode: EXIT.usage,
    message: "the deployment was not begun, so there is nothing to close",
    help: "run the workflow again; the change continues where it is"
  };
}
