// @ts-check
/**
 * Takes the pictures of docs/: the job summary and the issue of real changes, rendered as GitHub renders Markdown.
 *
 *   cd actions/tools && npm ci && node pictures.js
 *
 * It needs `npm ci` in actions/, `chromium` (CHROMIUM names another one), and a font with emoji: Debian's fonts-noto-color-emoji.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import markdownIt from 'markdown-it'
import { ended, REPO, Shop } from '../test/flows/shop.js'

const DOCS = fileURLToPath(new URL('../docs/', import.meta.url))
const CHROMIUM = process.env.CHROMIUM ?? 'chromium'
const WIDTH = 1000
/** Taller than any page; what is below the page is cut off. */
const TALLEST = 4000
const STYLE = readFileSync(createRequire(import.meta.url).resolve('github-markdown-css/github-markdown-light.css'), 'utf8')
const markdown = markdownIt({ html: true, linkify: true })

/** A shop whose change is held, and one whose change is deployed. */
async function take() {
  const pictures = []
  const held = await Shop.open()
  try {
    held.promote()
    const result = await held.job({ missing: ['unit-tests', 'secret-scan'] }).open()
    ended(result, { exitCode: 10, outcome: 'awaiting-approval' })
    pictures.push({ name: 'held', title: 'open summary', text: result.summary })
    const { title, body, labels, number } = held.issue
    pictures.push({ name: 'issue', title: `${title} #${number}`, text: body ?? '', labels })
  } finally {
    await held.close()
  }
  const ready = await Shop.open()
  try {
    ready.promote()
    const { open, close } = ready.job()
    const opened = await open()
    ended(opened, { exitCode: 0, outcome: 'cleared' })
    const closed = await close({ deploy: 'success', acceptance: 'success' })
    ended(closed, { exitCode: 0, outcome: 'done' })
    pictures.push({ name: 'ready', title: 'open summary', text: opened.summary })
    pictures.push({ name: 'deployed', title: 'close summary', text: closed.summary })
  } finally {
    await ready.close()
  }
  return pictures
}

const escaped = (/** @type {string} */ text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')

/** @param {{title: string, text: string, labels?: string[]}} picture */
function page({ title, text, labels = [] }) {
  const chips = labels.map((label) => `<span class="chip">${escaped(label)}</span>`).join(' ')
  return `<!doctype html><meta charset="utf-8"><style>${STYLE}
    body { margin: 0; background: #fff }
    .frame { width: ${WIDTH - 48}px; margin: 12px; border: 1px solid #d1d9e0; border-radius: 6px }
    .head { font: 600 14px -apple-system, "Liberation Sans", sans-serif; padding: 12px 16px; border-bottom: 1px solid #d1d9e0; background: #f6f8fa }
    .chip { font-weight: 400; font-size: 12px; border: 1px solid #d1d9e0; border-radius: 12px; padding: 1px 8px; margin-left: 6px; background: #ddf4ff }
    .markdown-body { padding: 16px }
  </style><div class="frame"><div class="head">${escaped(title)}${chips}</div><div class="markdown-body">${markdown.render(text)}</div></div>`
}

/** The height of the page, as the browser says it. @param {string} file @param {string[]} common */
function heightOf(file, common) {
  const script = `<script>document.title = String(document.querySelector('.frame').getBoundingClientRect().bottom)</script>`
  const measured = file.replace('.html', '.measured.html')
  writeFileSync(measured, readFileSync(file, 'utf8') + script)
  const dom = execFileSync(CHROMIUM, [...common, '--dump-dom', `file://${measured}`], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return Math.min(TALLEST, Math.ceil(Number(/<title>([\d.]+)<\/title>/.exec(dom)?.[1] ?? TALLEST)) + 12)
}

const folder = mkdtempSync(join(tmpdir(), 'pictures-'))
try {
  mkdirSync(DOCS, { recursive: true })
  const common = ['--headless', '--no-sandbox', '--disable-gpu', '--hide-scrollbars', `--user-data-dir=${join(folder, 'profile')}`]
  for (const picture of await take()) {
    const file = join(folder, `${picture.name}.html`)
    writeFileSync(file, page(picture))
    const size = `--window-size=${WIDTH},${heightOf(file, common)}`
    const shot = join(DOCS, `${picture.name}.png`)
    execFileSync(CHROMIUM, [...common, size, `--screenshot=${shot}`, `file://${file}`], { stdio: ['ignore', 'ignore', 'ignore'] })
    console.log(`wrote docs/${picture.name}.png`)
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
