// @ts-check
// Runs in the browser: answers the cases that the page's server has, as js-corpus.mjs does, and sends it the lines.

import { answer, asObjects, itself } from "./answers.mjs";

/** @param {string} path @param {string} body */
const send = (path, body) => fetch(path, { method: "POST", body });

async function answers() {
  const { default: init, Engine } = await import(new URL("js/countersign.js", import.meta.url).href);
  const module = await WebAssembly.compileStreaming(fetch("js/countersign_bg.wasm"));
  await init({ module_or_path: module });
  const lines = [JSON.stringify(itself(Engine, module))];
  for (const line of (await (await fetch("cases")).text()).split("\n").filter(Boolean)) {
    /** @type {import("./answers.mjs").Case} */
    const given = JSON.parse(line);
    lines.push(JSON.stringify(answer(Engine, given)));
    const both = asObjects(Engine, given);
    if (both && JSON.stringify(both.object) !== JSON.stringify(both.bytes)) {
      throw new Error(`${given.name}: the object differs from the bytes`);
    }
  }
  return lines.join("\n");
}

answers().then((lines) => send("answers", lines), (error) => send("failure", String(error?.stack ?? error)));
