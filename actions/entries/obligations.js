// @ts-check
/** Says what emergencies owe, and fails when something is overdue (EM4). */
import { usage } from '../lib/failure.js'
import { host, withLedger } from '../lib/host.js'
import { run } from '../lib/run.js'
import { drive } from '../lib/session.js'

/** Annotations of what is overdue at most, beside the one that says how it ended. */
const TOLD_MAX = 9

await run('Obligations', async (basis) => {
  const here = await withLedger(host(basis))
  const { input, system, tell } = here
  // An unknown branch is an error, not records without obligations.
  if (!(await here.ledger.exists())) {
    throw usage(`\`${system.repository}\` has no branch \`${system.records}\``, 'name the branch of the records with `records-branch`; the first change makes it')
  }
  const end = await drive(here, { command: 'obligations', environment: input.text('environment'), region: input.text('region') })
  /** @type {any[]} */ const owed = end.obligations ?? []
  const overdue = owed.filter((line) => line.overdue)
  tell.output('obligations', JSON.stringify(owed))
  tell.output('open', owed.length)
  tell.output('overdue', overdue.length)
  for (const line of overdue.slice(0, TOLD_MAX)) tell.error(line.what, `Countersign: ${line.change_request_id}, ${line.id}`)
  return tell.report(end, { title: 'Obligations' })
}, { about: 'other things' })
