// @ts-check
/**
 * The page that people read: the job summary, and the comment on a pull request.
 *
 * It is one block of HTML, line by line, in which every text of others stands in `<code>`: nothing of it is rendered, linked
 * or notified.
 */
import { place, whereabouts } from './failure.js'
import { code, html, sentence } from './text.js'

/**
 * Where people look: at the change request, and at its files.
 * @typedef {{url?: string, files?: string}} Where
 * @typedef {import('./session.js').End} End
 */

/** Bytes of a job summary at most, with some room. */
export const SUMMARY_MAX = 1_000_000

/** @type {Record<string, string>} */
const SIGNS = { proceed: '✅', hold: '✋', halt: '⛔' }

/**
 * @param {string} title
 * @param {End} end
 * @param {Where} [where]
 * @param {number} [limit] bytes
 */
export function page(title, end, { url, files } = {}, limit = SUMMARY_MAX) {
  const judgement = judged(end)
  const head = [
    `<h2>${SIGNS[end.verdict] ?? ''} ${html(title)}: ${html(end.outcome.replaceAll('-', ' '))}</h2>`,
    `<p>${sentence(end.message)}</p>`,
    ...list((end.details ?? []).map(sentence)),
    ...(end.help ? [`<p><b>What to do:</b> ${sentence(end.help)}</p>`] : []),
    ...facts(end, judgement, url)
  ]
  const sections = [
    ...[faults(end.errors), reasons(judgement), needed(judgement), delta(judgement?.delta)],
    ...[attached(end.attachments, files), owed(end), found(end.table)]
  ]
  return fit(head, sections.filter((section) => section.rows.length > 0), limit)
}

/**
 * What was judged now, or was recorded last, with what is deployed.
 * @param {End} end
 * @returns {any}
 */
export function judged({ judgement, assessment, delta }) {
  return judgement ?? (assessment && { ...assessment, delta })
}

/**
 * A part of the page that may be long.
 * @typedef {{head: string[], rows: string[], foot: string[], more?: number}} Section
 */

/**
 * As many rows as there is room for, those of earlier sections first; of the others their number is told.
 * @param {string[]} head
 * @param {Section[]} sections
 * @param {number} limit
 */
function fit(head, sections, limit) {
  const size = (/** @type {string[]} */ lines) => lines.reduce((sum, line) => sum + Buffer.byteLength(line) + 1, 0)
  const frames = sections.map(({ head, foot }) => size(head) + size(foot) + 40)
  let room = limit - size(head) - frames.reduce((sum, frame) => sum + frame, 0)
  const lines = [...head]
  for (const { head, rows, foot, more = 0 } of sections) {
    let told = 0
    for (const row of rows) {
      if (size([row]) > room) break
      room -= size([row])
      told += 1
    }
    const left = rows.length - told + more
    lines.push(...head, ...rows.slice(0, told), ...foot, ...(left > 0 ? [`<p>${left} more</p>`] : []))
  }
  return `${lines.join('\n')}\n\n`
}

/**
 * @param {End} end
 * @param {any} judgement
 * @param {string} [url]
 */
function facts({ change_request_id: id, state, policy, journal_head: journal }, judgement, url) {
  const rows = []
  if (id) rows.push(['Change request', url ? `<a href="${html(url)}">${html(id)}</a>` : html(id)])
  if (state) rows.push(['State', html(state)])
  if (judgement) {
    const demands = judgement.demands === undefined ? '' : `, ${judgement.met} of ${judgement.demands} demands met`
    rows.push(['Deployment ready', `${judgement.ready ? 'yes' : 'no'}${demands}`])
    rows.push(['Risk', `${html(judgement.risk.level)} (limit ${html(judgement.risk.limit)})`])
    rows.push(['Category', `${html(judgement.category)} ${html(judgement.kind)} change`])
  }
  if (policy) rows.push(['Policy', code(policy)])
  if (journal) rows.push(['Journal', code(journal)])
  if (rows.length === 0) return []
  return ['<table>', ...rows.map(([name, value]) => `<tr><th align="left">${name}</th><td>${value}</td></tr>`), '</table>']
}

/**
 * @param {import('./failure.js').Fault[]} [found]
 * @returns {Section}
 */
function faults(found = []) {
  // The first is at the top of the page already.
  const several = found.length > 1 || Boolean(found[0]?.document)
  const rows = (several ? found : []).map((fault) => row(code(whereabouts(fault)), sentence(fault.message), sentence(fault.help ?? '')))
  return table('What is wrong', ['Where', 'What', 'How to mend it'], rows)
}

/**
 * @param {any} judgement
 * @returns {Section}
 */
function reasons(judgement) {
  /** @type {any[]} */ const found = judgement?.reasons ?? []
  const ordered = [...found].sort((a, b) => Number(b.blocking) - Number(a.blocking))
  const rows = ordered.map((reason) => {
    const { source } = reason
    const from = source ? `<br><sub>${code([source.document, place(source.place)].filter(Boolean).join(', '))}</sub>` : ''
    const sign = reason.blocking ? '⛔' : 'ℹ️'
    return row(sign, shown(reason.entry), shown(reason.check), sentence(reason.message) + from, sentence(reason.help))
  })
  const more = Math.max(0, (judgement?.reason_count ?? 0) - rows.length)
  return { ...table('Reasons', ['', 'Entry', 'Check', 'Reason', 'What would mend it'], rows), more }
}

/**
 * @param {any} judgement
 * @returns {Section}
 */
function needed(judgement) {
  /** @type {any[]} */ const found = judgement?.ready ? [] : (judgement?.needed ?? [])
  const rows = found.map((need) => row(shown(need.check), shown(need.tool), need.entries.map(code).join(', ')))
  return folded('The least evidence that would make it ready', ['Check', 'Tool', 'Entries'], rows)
}

/**
 * @param {any} found
 * @returns {Section}
 */
function delta(found) {
  const rows = [
    ...Object.entries(found?.entries ?? {}).map(([name, difference]) => row(code(name), html(String(difference)))),
    ...(found?.removed ?? []).map((/** @type {string} */ name) => row(code(name), 'removed')),
    ...Object.entries(found?.hidden ?? {}).map(([name, by]) => row(code(name), `hidden: ${sentence(String(by))}`))
  ]
  return folded('Delta: what is deployed', ['Entry', 'Difference'], rows)
}

/**
 * @param {Record<string, string>} [attachments] their digests by name
 * @param {string} [files]
 * @returns {Section}
 */
function attached(attachments = {}, files) {
  const rows = Object.entries(attachments).map(([name, digest]) => {
    const url = files && `${files}/attachments/${encodeURIComponent(name)}`
    return row(url ? `<a href="${html(url)}">${html(name)}</a>` : code(name), code(digest))
  })
  return folded('Attachments', ['Name', 'Digest'], rows)
}

/**
 * What a change owes. Several changes have a table instead.
 * @param {End} end
 * @returns {Section}
 */
function owed({ obligations = [], table: shown }) {
  const rows = (shown ? [] : obligations).map((/** @type {any} */ { id, what, owner, due, overdue, fulfilled_at: done }) => {
    const stands = done ? `fulfilled ${html(done)}` : `${html(due)}${overdue ? ' <b>overdue</b>' : ''}`
    return row(code(id), sentence(what), code(owner), stands)
  })
  return table('Obligations', ['Obligation', 'What', 'Owner', 'Due'], rows)
}

/**
 * The table that the engine wants shown.
 * @param {{columns: string[], rows: string[][]}} [found]
 * @returns {Section}
 */
function found({ columns, rows } = { columns: [], rows: [] }) {
  return table('', columns.map(html), rows.map((cells) => row(...cells.map(code))))
}

/**
 * @param {string} title
 * @param {string[]} names
 * @param {string[]} rows
 * @returns {Section}
 */
function table(title, names, rows) {
  const head = names.map((name) => `<th align="left">${name}</th>`).join('')
  const headline = title === '' ? [] : [`<h3>${title}</h3>`]
  return { head: [...headline, '<table>', `<tr>${head}</tr>`], rows, foot: ['</table>'] }
}

/**
 * @param {string} title
 * @param {string[]} names
 * @param {string[]} rows
 * @returns {Section}
 */
function folded(title, names, rows) {
  const { head, foot } = table(title, names, rows)
  return { head: [`<details><summary>${title} (${rows.length})</summary>`, ...head.slice(1)], rows, foot: [...foot, '</details>'] }
}

/** @param {string[]} cells */
function row(...cells) {
  return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
}

/** @param {string | undefined} name */
function shown(name) {
  return name === undefined || name === null ? '' : code(name)
}

/** @param {string[]} items */
function list(items) {
  return items.length === 0 ? [] : ['<ul>', ...items.map((item) => `<li>${item}</li>`), '</ul>']
}
