// @ts-check
/** Makes a record of how a check ended, bound to what it is about, and puts it into a folder of evidence (EV1). */
import { imported } from '../lib/evidence.js'
import { run } from '../lib/run.js'

await run('Evidence', async (basis) => {
  const { check, tool, outcome, record, raw } = await imported(basis)
  const { tell } = basis
  tell.output('record', record)
  tell.output('report', raw ?? '')
  tell.output('outcome', outcome)
  tell.line(`${record}: \`${check}\` by \`${tool}\`: ${outcome}`)
  return 0
}, { about: 'other things' })
