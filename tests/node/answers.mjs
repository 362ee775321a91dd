// @ts-check
// Answers cases with the JavaScript module, in Node and in browsers alike.

/** @typedef {{ name: string, documents: string[], request: string, digests: string[] }} Case */
/** @typedef {import("./js/countersign.js").Engine} Engine */

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** @param {string} hex */
const unhex = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

/** @param {Uint8Array} bytes */
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * What the module says about itself: its imports, its exports, what it carries, and what its class tells.
 *
 * @param {typeof Engine} engine
 * @param {WebAssembly.Module} module
 */
export function itself({ contract, version }, module) {
  /** @param {WebAssembly.ModuleImportDescriptor} entry */
  const described = ({ module, name, kind }) => `${kind} ${module} ${name.replace(/_[0-9a-f]{16}$/, "")}`;
  const imports = [...new Set(WebAssembly.Module.imports(module).map(described))].sort();
  const exports = WebAssembly.Module.exports(module).map(({ name }) => name).sort();
  const sections = WebAssembly.Module.customSections(module, "countersign");
  const carried = sections.map((bytes) => decoder.decode(bytes)).join("\n");
  return { imports, exports, carried, contract, version };
}

/**
 * The answer to a case: the response in hex, and the blobs that it names.
 *
 * @param {typeof Engine} Door
 * @param {Case} given
 */
export function answer(Door, given) {
  const engine = prepared(Door, given);
  const response = engine.callBytes(unhex(given.request));
  const blobs = given.digests.map((digest) => engine.take(digest)).map((blob) => (blob ? hex(blob) : null));
  engine.free();
  return { response: hex(response), blobs };
}

/**
 * The answers to a request as an object and as the bytes of that object; nothing, if the request is no JSON.
 *
 * @param {typeof Engine} Door
 * @param {Case} given
 */
export function asObjects(Door, given) {
  let request;
  try {
    request = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(unhex(given.request)));
  } catch {
    return undefined;
  }
  const [one, other] = [prepared(Door, given), prepared(Door, given)];
  const object = one.call(request);
  const bytes = JSON.parse(decoder.decode(other.callBytes(encoder.encode(JSON.stringify(request)))));
  one.free();
  other.free();
  return { object, bytes };
}

/**
 * An engine that holds the documents of a case.
 *
 * @param {typeof Engine} Door
 * @param {Case} given
 */
function prepared(Door, { documents }) {
  const engine = new Door();
  for (const document of documents) {
    engine.put(unhex(document));
  }
  return engine;
}
