// @ts-check
// What the JavaScript door promises beyond answers: `node --test js-door.mjs`, with countersign.js in `js` beside it.
//
// Each scenario gets an instance of its own: a module that is imported under another name is loaded again.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

const script = new URL("js/countersign.js", import.meta.url).href;
const module = await WebAssembly.compile(await readFile(new URL("js/countersign_bg.wasm", import.meta.url)));
const DESCRIBE = { call: "describe", contract: "countersign/v1" };
const POISONED = /failed in an earlier call: load the module again/;

let instances = 0;

/** A fresh instance: its class, and what the module exports. */
async function load() {
  instances += 1;
  const door = await import(`${script}?instance=${instances}`);
  return { Engine: door.Engine, wasm: door.initSync({ module }) };
}

/** @param {unknown} value */
const bytes = (value) => new TextEncoder().encode(JSON.stringify(value));

test("an engine says what it is", async () => {
  const { Engine } = await load();
  const engine = new Engine();
  assert.equal(Engine.contract, "countersign/v1");
  assert.equal(engine.call(DESCRIBE).engine.version, Engine.version);
  assert.equal(engine.call(DESCRIBE).type, "description");
});

test("documents are kept by digest, each engine its own", async () => {
  const { Engine } = await load();
  const [one, other] = [new Engine(), new Engine()];
  const digest = one.put(Buffer.from("a document"));
  assert.match(digest, /^sha256:[0-9a-f]{64}$/);
  assert.deepEqual(one.take(digest), new Uint8Array(Buffer.from("a document")));
  assert.equal(other.take(digest), undefined);
  assert.equal(one.take("no digest"), undefined);
});

test("a part of a larger buffer is that part", async () => {
  const { Engine } = await load();
  const engine = new Engine();
  assert.equal(engine.put(new Uint8Array([1, 2, 3, 4]).subarray(1, 3)), engine.put(new Uint8Array([2, 3])));
  assert.equal(engine.put(new Uint8Array()), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
});

test("what is not bytes is refused, and harms nothing", async () => {
  const { Engine } = await load();
  const engine = new Engine();
  for (const wrong of ["text", [1, 2], { length: 2 }, 7, null, undefined, new Float64Array(2), new ArrayBuffer(2)]) {
    assert.throws(() => engine.put(wrong), /bytes are given as a `Uint8Array`/);
    assert.throws(() => engine.callBytes(wrong), /bytes are given as a `Uint8Array`/);
  }
  assert.equal(engine.call(DESCRIBE).type, "description");
});

test("an object goes in as JSON.stringify writes it", async () => {
  const { Engine } = await load();
  const engine = new Engine();
  const same = (/** @type {unknown} */ request) => {
    const text = JSON.stringify(request) ?? "";
    const expected = JSON.parse(new TextDecoder().decode(engine.callBytes(new TextEncoder().encode(text))));
    assert.deepStrictEqual(engine.call(request), expected);
    return expected;
  };
  assert.equal(same({ ...DESCRIBE, absent: undefined }).type, "description");
  assert.equal(same({ ...DESCRIBE, absent: null }).type, "failure");
  assert.equal(same({ toJSON: () => DESCRIBE }).type, "description");
  for (const wrong of [new Map(Object.entries(DESCRIBE)), undefined, null, 1, "text", [], () => 1, "\ud800", NaN, 2 ** 64]) {
    assert.equal(same(wrong).type, "failure");
  }
});

test("what JSON cannot hold throws before the engine is asked, and harms nothing", async () => {
  const { Engine } = await load();
  const engine = new Engine();
  /** @type {Record<string, unknown>} */
  const circle = {};
  circle.circle = circle;
  assert.throws(() => engine.call(circle), TypeError);
  assert.throws(() => engine.call({ ...DESCRIBE, big: 1n }), TypeError);
  assert.throws(() => engine.call({ toJSON: () => { throw new RangeError("mine"); } }), /mine/);
  const nested = engine.call({ toJSON: () => ({ ...DESCRIBE, contract: engine.call(DESCRIBE).contract }) });
  assert.equal(nested.type, "description");
});

test("names that JavaScript gives a meaning to come out as any other", async () => {
  const { Engine } = await load();
  const engine = new Engine();
  const named = (/** @type {string} */ name) => {
    const sha256 = "682a1c47a1d34030b53d929d93f628b8e80e292b915f8c0e8d8fb51b3b7be968";
    const artifact = `registry.example/shop/it:1.0.0@sha256:${sha256}`;
    const entry = {
      name, artifact, sha256: `sha256:${sha256}`, provenance: artifact, version: sha256.slice(0, 40), type: "image",
      signature: "c2lnbmVk", repository_url: "https://git.example/shop/it", commit_sha: sha256.slice(0, 40),
      build_number: 33, pipeline_run_id: "ci-it",
    };
    return { name, digest: engine.put(Buffer.from(JSON.stringify(entry))) };
  };
  const files = ["__proto__", "constructor", "toString", "1", "a"].map(named);
  const commit = "1".repeat(40);
  const author = { id: 1, login: "author" };
  const signature = { name: "a", email: "a@example.com", date: "2026-03-02T08:00:00Z" };
  const body = ["<priority>Low</priority>", "<assignedto>a@example.com</assignedto>", "<customerimpact>Low</customerimpact>",
    "<deploymentimpact>Small</deploymentimpact>", ""].join("\n");
  const promotion = {
    repository: "shop/inventory",
    pull_request: {
      number: 7, title: "Promote", body, merged_at: "2026-03-02T09:00:00Z", merge_commit_sha: commit, labels: [], user: author,
      base: { ref: "prod" }, head: { sha: "2".repeat(40) }, merged_by: { id: 2, login: "merger" }, commits: 1, changed_files: 1,
    },
    commits: [{ author, committer: author, commit: { author: signature, committer: signature, message: "Promote" } }],
    reviews: [], files: [{ filename: "a" }], timeline: [],
  };
  const request = {
    call: "judge",
    contract: "countersign/v1",
    now: "2026-03-02T10:00:00Z",
    target: { environment: "prod", purpose: "production", detail: "the shop" },
    run: { id: "cd-1" },
    documents: {
      promotion: { name: "promotion.json", digest: engine.put(Buffer.from(JSON.stringify(promotion))) },
      inventory: { commit, files },
    },
  };
  const answer = engine.call(request);
  const text = new TextDecoder().decode(engine.callBytes(bytes(request)));
  assert.deepStrictEqual(answer, JSON.parse(text));
  assert.deepEqual(Object.keys(answer.judgement?.delta.entries ?? answer).sort(), ["1", "__proto__", "a", "constructor", "toString"], text);
});

test("a panic is thrown with its text, and nothing answers after it", async () => {
  let panics = 0;
  for (let word = 0; word < 8; word += 1) {
    const { Engine, wasm } = await load();
    const [engine, other] = [new Engine(), new Engine()];
    const whole = JSON.stringify(engine.call(DESCRIBE));
    // The first words of the object are its locks: one that says "taken" makes the engine panic.
    const memory = new DataView(wasm.memory.buffer);
    const at = engine.__wbg_ptr + 4 * word;
    const before = memory.getInt32(at, true);
    memory.setInt32(at, 1, true);
    try {
      assert.equal(JSON.stringify(engine.call(DESCRIBE)), whole);
    } catch (error) {
      assert.ok(error instanceof Error);
      if (error.message.includes("panicked at")) {
        panics += 1;
        assert.match(error.message, /already/);
        for (const after of [engine, other, new Engine()]) {
          assert.throws(() => after.call(DESCRIBE), POISONED);
          assert.throws(() => after.callBytes(bytes(DESCRIBE)), POISONED);
          assert.throws(() => after.put(new Uint8Array()), POISONED);
          assert.throws(() => after.take("sha256:"), POISONED);
        }
      }
    } finally {
      memory.setInt32(at, before, true);
    }
  }
  assert.ok(panics > 0, "no word of the object is its lock");
});

test("a trap in the midst of a call is thrown, and nothing answers after it", async () => {
  const { Engine } = await load();
  const engine = new Engine();
  const request = bytes({ call: "lint", contract: "countersign/v1", document: { name: "x", digest: engine.put(Buffer.from("# x")) } });
  const whole = Buffer.from(engine.callBytes(request));
  /** @type {Set<string>} */
  const thrown = new Set();
  let answers = 0;
  const dive = () => {
    try {
      dive();
    } catch {
      // The stack is full here, and has room again some frames above.
    }
    try {
      assert.deepEqual(Buffer.from(engine.callBytes(request)), whole);
      answers += 1;
    } catch (error) {
      thrown.add(error instanceof Error ? error.message : String(error));
    }
  };
  dive();
  assert.ok([...thrown].some((text) => /call stack/i.test(text)), [...thrown].join("\n"));
  if ([...thrown].some((text) => POISONED.test(text))) {
    assert.throws(() => engine.callBytes(request), POISONED);
  } else {
    assert.ok(answers > 0);
  }
});

test("an engine that was freed answers nothing", async () => {
  const { Engine } = await load();
  const engine = new Engine();
  engine.free();
  assert.throws(() => engine.call(DESCRIBE), /null pointer/);
  assert.equal(new Engine().call(DESCRIBE).type, "description");
});
