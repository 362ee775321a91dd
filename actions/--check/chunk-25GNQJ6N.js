import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);
import {
  excerpt,
  usage
} from "./chunk-KTBYMIVO.js";

// lib/files.js
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
var SIZE_MAX = 64 << 20;
var WHY = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such folder",
  EISDIR: "it is a folder",
  EACCES: "it is not permitted"
};
async function read(path, input) {
  try {
    const { size } = await stat(path);
    if (size > SIZE_MAX) throw usage(`\`${excerpt(path, 200)}\` has more than ${SIZE_MAX} bytes`, "a document has at most 64 MiB");
    return await readFile(path);
  } catch (error) {
    throw unreadable(path, input, error);
  }
}
async function document(ask, path, input) {
  return path === void 0 ? void 0 : ask.give(basename(path), await read(path, input));
}
async function below(folder, input) {
  const files = [];
  const links = [];
  async function collect(at, within) {
    const entries = await readdir(at, { withFileTypes: true }).catch((error) => {
      throw unreadable(folder, input, error);
    });
    for (const entry of entries.filter(({ name }) => !name.startsWith("."))) {
      const [path, name] = [join(at, entry.name), `${within}${entry.name}`];
      if (entry.isDirectory()) await collect(path, `${name}/`);
      else if (entry.isFile()) files.push([name, path]);
      else if (entry.isSymbolicLink()) links.push(name);
    }
  }
  await collect(folder, "");
  return { files: files.sort(([a], [b]) => a < b ? -1 : 1), links };
}
function unreadable(path, input, error) {
  if (error instanceof Error && "exitCode" in error) return error;
  const { code } = (
    /** @type {{code?: string}} */
    error ?? {}
  );
  const why = (code && WHY[code]) ?? code ?? "it cannot be opened";
  return usage(`\`${excerpt(path, 200)}\`, the input \`${input}\`, cannot be read: ${why}`, "check the path: it is relative to the workspace");
}

export {
  read,
  document,
  below
};
