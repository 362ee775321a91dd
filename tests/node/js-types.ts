// A host in TypeScript: it compiles as it stands, and each misuse in it is an error. It is never run.

import init, { Engine, initSync, type v1 } from "./js/countersign.js";

const now = "2026-11-21T08:00:00Z" as v1.Timestamp;

/** The loop of a host: ask, store, perform, ask again. */
export function drive(engine: Engine, request: v1.Request & { call: "plan" }, perform: (effect: v1.Effect) => v1.Event): number {
  const response = engine.call(request);
  switch (response.type) {
    case "plan": {
      const journal = response.journal ? engine.take(response.journal.digest) : undefined;
      if (response.end) return response.end.exit_code;
      if (!response.effect || !journal) return 1;
      const { effect } = response;
      return drive(engine, { ...request, answer: { key: effect.key, event: perform(effect) } }, perform);
    }
    case "failure":
      return response.errors.map((fault) => `${fault.message}; ${fault.help}`).length;
    default:
      return 1;
  }
}

export async function load(bytes: BufferSource): Promise<void> {
  await init(new URL("https://example.invalid/countersign_bg.wasm"));
  await init({ module_or_path: await fetch("countersign_bg.wasm") });
  initSync({ module: new WebAssembly.Module(bytes) });
}

export function misuses(engine: Engine): void {
  const { contract, version }: { contract: string; version: string } = Engine;
  engine.call({ call: "describe", contract });
  // @ts-expect-error: there is no such call
  engine.call({ call: "decide", contract });
  // @ts-expect-error: a field is missing
  engine.call({ call: "describe" });
  // @ts-expect-error: a field that there is not
  engine.call({ call: "describe", contract, version });
  // @ts-expect-error: a number is no text
  engine.call({ call: "describe", contract: 1 });
  // @ts-expect-error: text is no bytes
  engine.put("text");
  // @ts-expect-error: the answer to any request may be of any type
  engine.call({ call: "describe", contract }).engine;
  // @ts-expect-error: there may be no such bytes
  engine.take("sha256:").length;
  const response = engine.call({ call: "describe", contract });
  if (response.type === "description") {
    const limits: Record<string, number> = response.limits;
    // @ts-expect-error: there is no such field
    response.verdict;
    void limits;
  }
  void now;
}
