// @ts-check
// Answers cases with the JavaScript module in `js` beside it: `node js-corpus.mjs CASES`.
//
// CASES is as in extism-corpus.mjs, with "digests" of blobs to take. The answer is one line of JSON with the module's imports
// and what it carries about itself, then one line for each case: the response in hex, and the blobs that it names.
// Each request that is JSON is answered once more as an object, which must give what the bytes give.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import process from "node:process";

/** @typedef {{ name: string, documents: string[], request: string, digests: string[] }} Case */

const [, , casesPath] = process.argv;
const { Engine, initSync } = await import(new URL("js/countersign.js", import.meta.url).href);
const module = await WebAssembly.compile(await readFile(new URL("js/countersign_bg.wasm", import.meta.url)));
initSync({ module });

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** @param {string} hex */
const unhex = (hex) => new Uint8Array(Buffer.from(hex, "hex"));

/** @param {Uint8Array} bytes */
const hex = (bytes) => Buffer.from(bytes).toString("hex");

/**
 * An engine that holds the documents of a case.
 *
 * @param {Case} given
 */
function prepared({ documents }) {
  const engine = new Engine();
  for (const document of documents) {
    engine.put(unhex(document));
  }
  return engine;
}

/**
 * The request as an object, if it is JSON.
 *
 * @param {Uint8Array} bytes
 * @returns {unknown}
 */
function parsed(bytes) {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

/**
 * Answers a request as an object and as the bytes of that object, and fails where they differ, be it in their order.
 *
 * @param {Case} given
 * @param {unknown} request
 */
function compare(given, request) {
  const [one, other] = [prepared(given), prepared(given)];
  const object = one.call(request);
  const bytes = JSON.parse(decoder.decode(other.callBytes(encoder.encode(JSON.stringify(request)))));
  assert.deepStrictEqual(object, bytes, given.name);
  assert.equal(JSON.stringify(object), JSON.stringify(bytes), given.name);
  one.free();
  other.free();
}

/** @param {WebAssembly.ModuleImportDescriptor} entry */
const described = ({ module, name, kind }) => `${kind} ${module} ${name.replace(/_[0-9a-f]{16}$/, "")}`;
const imports = [...new Set(WebAssembly.Module.imports(module).map(described))].sort();
const exports = WebAssembly.Module.exports(module).map(({ name }) => name).sort();
const carried = WebAssembly.Module.customSections(module, "countersign").map((bytes) => decoder.decode(bytes)).join("\n");
const { contract, version } = Engine;
process.stdout.write(`${JSON.stringify({ imports, exports, carried, contract, version })}\n`);

let objects = 0;
for (const line of (await readFile(casesPath, "utf8")).split("\n").filter(Boolean)) {
  /** @type {Case} */
  const given = JSON.parse(line);
  const request = unhex(given.request);
  const engine = prepared(given);
  const response = engine.callBytes(request);
  const blobs = given.digests.map((digest) => engine.take(digest)).map((blob) => (blob ? hex(blob) : null));
  engine.free();
  const object = parsed(request);
  if (object !== undefined) {
    compare(given, object);
    objects += 1;
  }
  process.stdout.write(`${JSON.stringify({ response: hex(response), blobs })}\n`);
}
process.stderr.write(`${objects} requests answered as objects too\n`);
