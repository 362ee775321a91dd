// @ts-check
/**
 * Telling: log lines while it happens; then outputs, annotations, the job summary, and how the step ends.
 */
import { whereabouts } from './failure.js'
import { page } from './summary.js'
import { excerpt, guard, logLine } from './text.js'

/** Annotations of a step that people see at most. */
const ANNOTATIONS_MAX = 10
/** Characters of one annotation. */
const ANNOTATION_MAX = 1000
/** Characters of the output `reasons`; all outputs of a job have a megabyte. */
const REASONS_MAX = 200_000

/** @typedef {ReturnType<typeof telling>} Tell */

/**
 * @param {typeof import('@actions/core')} core
 * @param {boolean} ofChange whether this is about a change, whose outputs later steps read
 */
export function telling(core, ofChange) {
  /** @type {string[]} */ let secrets = []
  const clean = (/** @type {string} */ text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
  const line = (/** @type {string} */ text) => core.info(logLine(clean(text)))
  return {
    line,
    /** @param {string[]} more */
    secrets: (more) => (secrets = [...secrets, ...more]),
    /** The engine decided something. @param {any} event */
    decided(event) {
      const words = decision(event)
      if (words) line(words)
    },
    /** An effect has ended. @param {string} id @param {any} event */
    ended(id, event) {
      const words = outcome(id, event)
      if (words) line(words)
    },
    /**
     * @param {string} name
     * @param {string | number | boolean} value
     */
    output: (name, value) => core.setOutput(name, clean(String(value))),
    /** Adds to the job summary. @param {string} text */
    page: (text) => summary(core, clean(text)),
    /** @param {string} message @param {string} title */
    warning: (message, title) => core.warning(excerpt(clean(message), ANNOTATION_MAX), { title: excerpt(clean(title), 200) }),
    /** @param {string} message @param {string} title */
    error: (message, title) => core.error(excerpt(clean(message), ANNOTATION_MAX), { title: excerpt(clean(title), 200) }),
    /**
     * What came of it; `fails` says whether the step does.
     * @param {import('./report.js').Report} report
     * @param {{title: string, fails?: boolean}} how
     * @returns {Promise<number>} what the step exits with
     */
    async report(report, { title, fails = report.exitCode !== 0 }) {
      if (ofChange) outputs(core, report, clean)
      annotate(core, report, fails, clean)
      await summary(core, clean(page(title, report)))
      line(`${report.outcome.replaceAll('-', ' ')}: ${report.message}`)
      for (const detail of report.details) line(`  ${detail}`)
      if (report.help) line(`help: ${report.help}`)
      return fails ? report.exitCode || 1 : 0
    }
  }
}

/**
 * Adds to the job summary. What came of a change does not hang on it.
 * @param {typeof import('@actions/core')} core
 * @param {string} text
 */
async function summary(core, text) {
  try {
    await core.summary.addRaw(text).write()
  } catch (error) {
    core.info(logLine(`there is no job summary: ${error instanceof Error ? error.message : error}`))
  }
}

/**
 * @param {typeof import('@actions/core')} core
 * @param {import('./report.js').Report} report
 * @param {(text: string) => string} clean
 */
function outputs(core, report, clean) {
  const { judgement } = report
  const ready = judgement?.ready
  let reasons = judgement?.reasons ?? /** @type {any} */ (report).faults ?? []
  while (JSON.stringify(reasons).length > REASONS_MAX) reasons = reasons.slice(0, reasons.length >> 1)
  const values = {
    outcome: report.outcome,
    'exit-code': String(report.exitCode),
    verdict: report.verdict,
    'change-request-id': report.id ?? '',
    'change-request-url': report.url ?? '',
    commit: report.commit ?? '',
    'deployment-ready': String(ready === true),
    reasons: JSON.stringify(reasons),
    ...(report.head === undefined ? {} : { journal: report.head })
  }
  for (const [name, value] of Object.entries(values)) core.setOutput(name, clean(value))
}

/**
 * Blocking reasons first, and never more than people see.
 * @param {typeof import('@actions/core')} core
 * @param {import('./report.js').Report & {faults?: import('./failure.js').Fault[]}} report
 * @param {boolean} fails
 * @param {(text: string) => string} clean
 */
function annotate(core, report, fails, clean) {
  const text = (/** @type {(string | undefined)[]} */ ...parts) => {
    const lines = parts.filter(Boolean).map((part) => excerpt(clean(String(part)), ANNOTATION_MAX))
    return lines.join('\n')
  }
  const help = (/** @type {string | undefined} */ words) => words && `help: ${words}`
  const title = `Countersign: ${guard(report.outcome.replaceAll('-', ' '))}`
  if (report.faults) {
    const told = report.faults.slice(0, ANNOTATIONS_MAX)
    for (const fault of told) core.error(text(fault.message, whereabouts(fault), help(fault.help)), { title })
    return
  }
  const head = text(report.message, ...report.details, help(report.help))
  const serious = fails ? core.error : report.exitCode === 0 ? core.notice : core.warning
  serious(head, { title })
  const reasons = [...(report.judgement?.reasons ?? [])].sort((a, b) => Number(b.blocking) - Number(a.blocking))
  for (const reason of reasons.slice(0, ANNOTATIONS_MAX - 1)) {
    const say = reason.blocking ? (fails ? core.error : core.warning) : core.notice
    const about = [reason.check, reason.entry].filter(Boolean).join(', ')
    say(text(reason.message, help(reason.help)), { title: excerpt(clean(about || 'Countersign'), 200) })
  }
}

/** @param {any} event */
function decision(event) {
  switch (event.event) {
    case 'assessed':
    case 'reassessed':
      return `assessed: ${event.ready ? 'ready' : 'not ready'}, risk ${event.risk?.level}`
    case 'continued':
      return `continued by run ${event.run?.id}`
    case 'voided':
      return `the approval is void: ${event.why}`
    case 'rejected':
      return `rejected: ${event.why}`
    case 'cleared':
      return 'cleared for deployment'
    case 'obliged':
      return `${event.obligations?.length ?? 0} obligations`
    case 'ran':
      return ran(event)
    case 'approved':
      if (event.basis === 'people') return 'approved by people'
      return event.basis === 'emergency' ? 'not approved, and deployed at once: an emergency' : undefined
    default:
      return undefined
  }
}

/**
 * @param {string} id
 * @param {any} event
 */
function outcome(id, event) {
  switch (event.event) {
    case 'filed':
      return `filed ${event.id}`
    case 'attached':
      return `attached ${event.name}`
    case 'approved':
      return `approved ${id} by readiness`
    case 'approval-requested':
      return `asked for approval of ${id}`
    case 'observed':
      return `read ${id}: ${event.status}`
    case 'implementing':
      return `${id} is being implemented`
    case 'notified':
      return `told ${event.channel}: ${event.moment}`
    case 'closed':
      return `closed ${id} as ${event.category}`
    case 'left-open':
      return `left ${id} open as ${event.category}`
    case 'concluded':
      return `moved ${event.pointer}`
    case 'failed':
      return `\`${event.effect}\` did not succeed: ${event.trouble?.message}`
    default:
      return undefined
  }
}

/** @param {any} event */
function ran({ step, success, note }) {
  return success ? `${step} succeeded` : `${step} failed${note ? `: ${note}` : ''}`
}
