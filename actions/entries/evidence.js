// @ts-check
/** Makes a record of how a check ended, bound to what it is about, and puts it into a folder of evidence (EV1). */
import { record } from '../lib/evidence.js'
import { run } from '../lib/run.js'

await run('Evidence', async (basis) => {
  const { tell } = basis
  const { end, recorded } = await record(basis)
  if (!recorded) return tell.report(end, { title: 'Evidence' })
  const { check, tool, outcome, record: path, report } = recorded
  tell.output('record', path)
  tell.output('report', report ?? '')
  tell.output('outcome', outcome)
  tell.line(`${path}: \`${check}\` by \`${tool}\`: ${outcome}`)
  return 0
}, { about: 'other things' })
