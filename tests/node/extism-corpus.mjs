// @ts-check
// Answers cases with the Extism module: `node extism-corpus.mjs MODULE CASES`.
//
// CASES holds one case a line: {"name", "documents", "request"}, bytes in hex. The answer is one line of JSON with the
// module's imports, then one line for each case: the response in hex. Each case gets a plugin of its own.

import { readFile } from "node:fs/promises";
import process from "node:process";
import createPlugin from "@extism/extism";

/**
 * Bytes in a buffer of their own: the SDK passes the whole buffer below a view, and Node's small ones are shared.
 *
 * @param {string} hex
 */
const unhex = (hex) => Uint8Array.from(Buffer.from(hex, "hex"));

/** @typedef {{ name: string, documents: string[], request: string }} Case */

/**
 * Answers one case in a fresh plugin.
 *
 * @param {WebAssembly.Module} module
 * @param {Case} given
 * @returns {Promise<string>}
 */
async function answer(module, { name, documents, request }) {
  const plugin = await createPlugin(module, { useWasi: false, runInWorker: false });
  try {
    for (const document of documents) {
      await plugin.call("put", unhex(document));
    }
    const response = await plugin.call("call", unhex(request));
    return Buffer.from(response?.bytes() ?? []).toString("hex");
  } catch (error) {
    throw new Error(`${name}: ${error instanceof Error ? error.message : error}`);
  } finally {
    await plugin.close();
  }
}

const [, , modulePath, casesPath] = process.argv;
const module = await WebAssembly.compile(await readFile(modulePath));
const imports = WebAssembly.Module.imports(module).map(({ module, name, kind }) => `${kind} ${module} ${name}`);
process.stdout.write(`${JSON.stringify(imports.sort())}\n`);
for (const line of (await readFile(casesPath, "utf8")).split("\n").filter(Boolean)) {
  process.stdout.write(`${await answer(module, JSON.parse(line))}\n`);
}
