// @ts-check
/** Takes a change as far as its deployment, which the workflow performs. */
import { change, promoted } from '../lib/change.js'
import { run } from '../lib/run.js'
import { waiting } from '../lib/settings.js'

await run('Deployment', async (basis) => {
  const { here, drive, report } = await change(basis)
  const end = await drive({ command: 'open', promoted: promoted(here), wait: waiting(here.input) })
  return report(end, 'Deployment to')
})
