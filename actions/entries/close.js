// @ts-check
/** Says how the deployment ended, and finishes the change. */
import { promoted, restored } from '../lib/change.js'
import { EXIT } from '../lib/failure.js'
import { host } from '../lib/host.js'
import { act, look, PARKED } from '../lib/loop.js'
import { report } from '../lib/report.js'
import { reported } from '../lib/reported.js'
import { run } from '../lib/run.js'
import { label } from '../lib/settings.js'

await run('Deployment', async (basis) => {
  const here = await host(basis)
  const said = await reported(here)
  const { asks, pointer } = await (here.input.text('rollback-change-request-id') ? restored(here) : promoted(here))
  const driving = { parked: PARKED, reports: said.reports }
  // A deployment that never began is not reported: the change stays as it is, and a later run can begin it.
  const came = said.began ? await act(here, asks, driving, pointer, said.logs) : await look(here, asks, 'preview', driving)
  return here.tell.report(finished(report(here, came, asks)), { title: `Deployment to ${label(asks.target)}` })
})

/**
 * A change that is still to be deployed is not finished, whatever the gate says.
 * @param {import('../lib/report.js').Report} report
 */
function finished(report) {
  if (report.outcome !== 'cleared') return report
  return {
    ...report,
    outcome: 'report-needed',
    verdict: 'hold',
    exitCode: EXIT.usage,
    message: 'the deployment was not begun, so there is nothing to close',
    help: 'run the workflow again; the change continues where it is'
  }
}
