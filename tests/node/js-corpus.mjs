// @ts-check
// Answers cases with the JavaScript module in `js` beside it: `node js-corpus.mjs CASES`.
//
// CASES is as in extism-corpus.mjs, with "digests" of blobs to take. The answer is one line of JSON with what the module says
// about itself, then one line for each case: the response in hex, and the blobs that it names.
// Each request that is JSON is answered once more as an object, which must give what the bytes give.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import process from "node:process";

import { answer, asObjects, itself } from "./answers.mjs";

const [, , casesPath] = process.argv;
const { Engine, initSync } = await import(new URL("js/countersign.js", import.meta.url).href);
const module = await WebAssembly.compile(await readFile(new URL("js/countersign_bg.wasm", import.meta.url)));
initSync({ module });
process.stdout.write(`${JSON.stringify(itself(Engine, module))}\n`);

let objects = 0;
for (const line of (await readFile(casesPath, "utf8")).split("\n").filter(Boolean)) {
  /** @type {import("./answers.mjs").Case} */
  const given = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(answer(Engine, given))}\n`);
  const both = asObjects(Engine, given);
  if (both) {
    assert.deepStrictEqual(both.object, both.bytes, given.name);
    assert.equal(JSON.stringify(both.object), JSON.stringify(both.bytes), given.name);
    objects += 1;
  }
}
process.stderr.write(`${objects} requests answered as objects too\n`);
