// @ts-check
/**
 * Showing what the engine tells: log lines while it happens; then outputs, annotations, the job summary, and how the step ends.
 */
import { whereabouts } from './failure.js'
import { secrets, without } from './redact.js'
import { judged, page } from './summary.js'
import { excerpt, guard, logLine } from './text.js'

/** Annotations of a step that people see at most. */
const ANNOTATIONS_MAX = 10
/** Characters of one annotation. */
const ANNOTATION_MAX = 1000
/** Characters of the output `reasons`; all outputs of a job have a megabyte. */
const REASONS_MAX = 200_000

/**
 * @typedef {ReturnType<typeof telling>} Tell
 * @typedef {import('./session.js').End} End
 */

/**
 * @param {typeof import('@actions/core')} core
 * @param {boolean} ofChange whether this is about a change, whose outputs later steps read
 */
export function telling(core, ofChange) {
  /** @type {import('./redact.js').Form[]} */ let hidden = []
  const clean = (/** @type {string} */ text) => without(Buffer.from(text), hidden).toString()
  /** The same without secrets, in names as well: whoever writes it down may write it in one more way. @param {any} value @returns {any} */
  const cleaned = (value) => {
    if (typeof value === 'string') return clean(value)
    if (Array.isArray(value)) return value.map(cleaned)
    if (value === null || typeof value !== 'object') return value
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [clean(name), cleaned(each)]))
  }
  const line = (/** @type {string} */ text) => core.info(logLine(clean(text)))
  const text = (/** @type {(string | undefined)[]} */ ...parts) => {
    return parts.filter(Boolean).map((part) => excerpt(clean(String(part)), ANNOTATION_MAX)).join('\n')
  }
  const titled = (/** @type {string} */ title) => ({ title: excerpt(clean(title), 200) })
  return {
    line,
    cleaned,
    /** What happens, as the engine says it. @param {{level: string, words: string}} told */
    told: ({ level, words }) => line(level === 'warning' ? `warning: ${words}` : words),
    /** Values that stand in nothing that is shown, however they are written. @param {string[]} more */
    secrets(more) {
      more.forEach((secret) => core.setSecret(secret))
      hidden = [...hidden, ...secrets(more)]
    },
    /**
     * @param {string} name
     * @param {string | number | boolean} value
     */
    output: (name, value) => core.setOutput(name, clean(String(value))),
    /** @param {string} message @param {string} title */
    warning: (message, title) => core.warning(text(message), titled(title)),
    /** @param {string} message @param {string} title */
    error: (message, title) => core.error(text(message), titled(title)),
    /**
     * What came of it; `fails` says whether the step does.
     * @param {End} ended
     * @param {{title: string, fails?: boolean} & import('./summary.js').Where} how
     * @returns {Promise<number>} what the step exits with
     */
    async report(ended, { title, fails = ended.exit_code !== 0, ...where }) {
      /** @type {End} */ const end = cleaned(ended)
      if (ofChange) for (const [name, value] of outputs(end, where.url)) core.setOutput(name, clean(value))
      annotate(core, end, fails, text, titled)
      const missing = await summary(core, page(clean(title), end, cleaned(where)))
      if (missing) line(`there is no job summary: ${missing}`)
      line(`${end.outcome.replaceAll('-', ' ')}: ${end.message}`)
      for (const detail of end.details ?? []) line(`  ${detail}`)
      if (end.help) line(`help: ${end.help}`)
      return fails ? end.exit_code || 1 : 0
    }
  }
}

/**
 * Adds to the job summary. What came of a change does not hang on it: why there is none is the answer.
 * @param {typeof import('@actions/core')} core
 * @param {string} text
 * @returns {Promise<string | undefined>}
 */
async function summary(core, text) {
  try {
    await core.summary.addRaw(text).write()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/**
 * @param {End} end
 * @param {string} [url]
 * @returns {[string, string][]}
 */
function outputs(end, url) {
  const judgement = judged(end)
  let reasons = judgement?.reasons ?? end.errors ?? []
  while (JSON.stringify(reasons).length > REASONS_MAX) reasons = reasons.slice(0, reasons.length >> 1)
  const values = {
    outcome: end.outcome,
    'exit-code': String(end.exit_code),
    verdict: end.verdict,
    'change-request-id': end.change_request_id ?? '',
    'change-request-url': url ?? '',
    commit: end.commit ?? '',
    'deployment-ready': String(judgement?.ready === true),
    reasons: JSON.stringify(reasons)
  }
  return [...Object.entries(values), .../** @type {[string, string][]} */ (end.journal_head ? [['journal', end.journal_head]] : [])]
}

/**
 * Blocking reasons first, and never more than people see.
 * @param {typeof import('@actions/core')} core
 * @param {End} end
 * @param {boolean} fails
 * @param {(...parts: (string | undefined)[]) => string} text
 * @param {(title: string) => {title: string}} titled
 */
function annotate(core, end, fails, text, titled) {
  const help = (/** @type {string | undefined} */ words) => words && `help: ${words}`
  const title = `Countersign: ${guard(end.outcome.replaceAll('-', ' '))}`
  if (end.errors?.length > 0) {
    /** @type {import('./failure.js').Fault[]} */ const faults = end.errors.slice(0, ANNOTATIONS_MAX)
    for (const fault of faults) core.error(text(fault.message, whereabouts(fault), help(fault.help)), { title })
    return
  }
  const serious = fails ? core.error : end.exit_code === 0 ? core.notice : core.warning
  serious(text(end.message, ...(end.details ?? []), help(end.help)), { title })
  /** @type {any[]} */ const reasons = [...(judged(end)?.reasons ?? [])].sort((a, b) => Number(b.blocking) - Number(a.blocking))
  for (const reason of reasons.slice(0, ANNOTATIONS_MAX - 1)) {
    const say = reason.blocking ? (fails ? core.error : core.warning) : core.notice
    const about = [reason.check, reason.entry].filter(Boolean).join(', ')
    say(text(reason.message, help(reason.help)), titled(about || 'Countersign'))
  }
}
