// @ts-check
// Answers cases with the JavaScript module in Chromium: `node browser-corpus.mjs CASES`, lines as of js-corpus.mjs.
//
// The page is served on loopback. The browser is the one that COUNTERSIGN_BROWSER names, else the one of the lock file.

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const TIMEOUT = 120_000;

const [, , casesPath] = process.argv;
const here = fileURLToPath(new URL(".", import.meta.url));
const PAGE = "<!doctype html><title>Countersign</title><script type=module src=browser-page.mjs></script>";

/** @type {Record<string, () => [string, string | Promise<Buffer>]>} */
const files = {
  "/": () => ["text/html", PAGE],
  "/cases": () => ["text/plain; charset=utf-8", readFile(casesPath)],
  "/favicon.ico": () => ["image/x-icon", ""],
};
for (const name of ["browser-page.mjs", "answers.mjs", "js/countersign.js"]) {
  files[`/${name}`] = () => ["text/javascript", readFile(join(here, name))];
}
files["/js/countersign_bg.wasm"] = () => ["application/wasm", readFile(join(here, "js/countersign_bg.wasm"))];

/**
 * The browser's program.
 *
 * @param {string} scratch where it may be unpacked
 */
async function browser(scratch) {
  if (process.env.COUNTERSIGN_BROWSER) {
    return process.env.COUNTERSIGN_BROWSER;
  }
  // The package brings the libraries that a bare machine lacks only where it takes the machine for a certain cloud's.
  process.env.TMPDIR = scratch;
  process.env.AWS_EXECUTION_ENV ??= `AWS_Lambda_nodejs${process.versions.node.split(".")[0]}.x`;
  const { default: chromium } = await import("@sparticuz/chromium");
  chromium.setGraphicsMode = false;
  return chromium.executablePath();
}

/**
 * Serves the page until it has answered, or told what went wrong.
 *
 * @param {import("node:http").Server} server
 * @returns {Promise<string>}
 */
function answered(server) {
  return new Promise((resolve, reject) => {
    server.on("request", async (request, response) => {
      try {
        if (request.method === "POST") {
          const body = await text(request);
          response.end();
          return request.url === "/answers" ? resolve(body) : reject(new Error(`in the browser: ${body}`));
        }
        const [type, content] = files[request.url ?? ""]?.() ?? [];
        response.writeHead(type ? 200 : 404, type ? { "content-type": type } : {}).end(await content);
      } catch (error) {
        reject(error);
      }
    });
    setTimeout(() => reject(new Error(`the browser did not answer within ${TIMEOUT / 1000} s`)), TIMEOUT).unref();
  });
}

const server = createServer();
const lines = answered(server);
await new Promise((listening) => server.listen(0, "127.0.0.1", () => listening(undefined)));
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());

const scratch = await mkdtemp(join(here, "browser-"));
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"];
const place = [`--user-data-dir=${join(scratch, "profile")}`, `http://127.0.0.1:${port}/`];
const chromium = spawn(await browser(scratch), [...flags, ...place], { stdio: "ignore" });
const ended = new Promise((resolve, reject) => {
  chromium.on("error", reject);
  chromium.on("exit", (code, signal) => resolve(signal ?? code));
});
try {
  const gone = ended.then((how) => Promise.reject(new Error(`the browser ended before it answered: ${how}`)));
  process.stdout.write(`${await Promise.race([lines, gone])}\n`);
} finally {
  chromium.kill("SIGKILL");
  await ended;
  server.close();
  server.closeAllConnections();
  await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
}
