// @ts-check
/** Says which entries are not the same in several environments, the last step of fix-forward (IN6). */
import { usage } from '../lib/failure.js'
import { host, withInventory } from '../lib/host.js'
import { run } from '../lib/run.js'
import { drive } from '../lib/session.js'

await run('Reconciliation', async (basis) => {
  const { input, tell } = basis
  const named = input.lines('environments').flatMap((line) => line.split(',').map((name) => name.trim())).filter(Boolean)
  const environments = [...new Set(named)]
  if (environments.length < 2) {
    throw usage('the input `environments` names fewer than two environments', 'give their inventory branches, lowest first, one a line')
  }
  const here = await withInventory(host(basis))
  const end = await drive(here, { command: 'reconcile', inventory: 'git', environments })
  const differing = end.differing ?? {}
  const count = Object.keys(differing).length
  tell.output('differing', JSON.stringify(differing))
  tell.output('count', count)
  tell.output('same', end.same ?? 0)
  return tell.report(end, { title: 'Reconciliation', fails: end.exit_code !== 0 || (count > 0 && input.flag('fail')) })
}, { about: 'other things' })
