// @ts-check
/**
 * Bundles every action into the one folder `dist`, with the engine's module beside it. The same sources give the same bytes.
 */
import { chmodSync, copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { build } from 'esbuild'

const here = (/** @type {string} */ path) => new URL(path, import.meta.url).pathname
const MODULE = 'countersign_bg.wasm'

const target = process.argv[2] ?? here('dist')
rmSync(target, { recursive: true, force: true })
mkdirSync(target, { recursive: true })
const entries = readdirSync(here('entries')).sort()
await build({
  absWorkingDir: here('.'),
  entryPoints: entries.map((name) => `entries/${name}`),
  outdir: target,
  bundle: true,
  splitting: true,
  chunkNames: '[name]-[hash]',
  platform: 'node',
  format: 'esm',
  target: 'node20',
  legalComments: 'inline',
  define: { COUNTERSIGN_MODULE: JSON.stringify(`./${MODULE}`) },
  // What was written for `require` finds one.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  logLevel: 'warning'
})
copyFileSync(here(`../plugin/dist/js/${MODULE}`), `${target}/${MODULE}`)
chmodSync(`${target}/${MODULE}`, 0o644)
