// @ts-check
/** Says whether a change is ready, in advance: nothing is recorded, and nothing fails unless that is asked for. */
import { promoted } from '../lib/change.js'
import { comment, pullRequest } from '../lib/comment.js'
import { host } from '../lib/host.js'
import { look, PARKED } from '../lib/loop.js'
import { report } from '../lib/report.js'
import { run } from '../lib/run.js'
import { label } from '../lib/settings.js'

await run('Assessment', async (basis) => {
  const here = await host(basis)
  const { asks } = await promoted(here, await pullRequest(here.env))
  const came = await look(here, asks, 'assess', { parked: PARKED, reports: [] })
  const found = report(here, came, asks)
  if (here.input.flag('comment')) await comment(here, asks.target, found)
  return here.tell.report(found, { title: `Assessment of ${label(asks.target)}`, fails: here.input.flag('fail') && found.exitCode !== 0 })
})
