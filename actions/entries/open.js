// @ts-check
/** Takes a change as far as its deployment, which the workflow performs. */
import { promoted } from '../lib/change.js'
import { host } from '../lib/host.js'
import { act, PARKED } from '../lib/loop.js'
import { report } from '../lib/report.js'
import { run } from '../lib/run.js'
import { label } from '../lib/settings.js'

await run('Deployment', async (basis) => {
  const here = await host(basis)
  const { asks, pointer, wait } = await promoted(here)
  const came = await act(here, asks, { parked: PARKED, reports: [], wait }, pointer)
  return here.tell.report(report(here, came, asks), { title: `Deployment to ${label(asks.target)}` })
})
