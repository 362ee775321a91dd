// @ts-check
/** Says whether a change is ready, in advance: nothing is recorded, and nothing fails unless that is asked for. */
import { change, promoted, seen } from '../lib/change.js'
import { comment, pullRequest } from '../lib/comment.js'
import { run } from '../lib/run.js'

await run('Assessment', async (basis) => {
  const { here, target, drive, report } = await change(basis)
  const end = await drive({ command: 'assess', promoted: promoted(here, await pullRequest(here.env)) })
  const refused = end.outcome === 'refused'
  if (!refused && here.input.flag('comment')) await comment(here, target, end, seen(here, end))
  return report(end, 'Assessment of', refused || (here.input.flag('fail') && end.exit_code !== 0))
})
