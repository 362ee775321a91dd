// @ts-check
/** Says how the deployment ended, and finishes the change. */
import { change, promoted, reports, restored } from '../lib/change.js'
import { usage } from '../lib/failure.js'
import { run } from '../lib/run.js'

await run('Deployment', async (basis) => {
  const { here, drive, report } = await change(basis)
  const said = await reports(here)
  const back = here.input.text('rollback-change-request-id') !== undefined
  if (said.some(({ step }) => step === 'deploy')) {
    const command = back ? restored(here, said) : { command: 'close', promoted: promoted(here), reports: said }
    return report(await drive(command), 'Deployment to')
  }
  // A deployment that never began is not reported: the change stays as it is, and a later run can begin it.
  const command = back ? restored(here) : { command: 'open', promoted: promoted(here) }
  const end = await drive({ ...command, dry_run: true })
  if (end.outcome !== 'cleared') return report(end, 'Deployment to')
  throw usage('the deployment was not begun, so there is nothing to close', 'run the workflow again; the change continues where it is')
})
