// @ts-check
/** Takes a full rollback as far as its deployment, which the workflow performs (FR1). */
import { change, restored } from '../lib/change.js'
import { run } from '../lib/run.js'
import { waiting } from '../lib/settings.js'

await run('Rollback', async (basis) => {
  const { here, drive, report } = await change(basis)
  const end = await drive({ ...restored(here), wait: waiting(here.input) })
  return report(end, 'Rollback of')
})
