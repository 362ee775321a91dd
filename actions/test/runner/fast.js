// @ts-check
// Loaded before an action when a test asks for another time or for short waits: the clock is FAKE_AHEAD milliseconds
// ahead; a wait of seconds takes a FAKE_SPEED-th of its time, and at least a moment, while the clock moves on by all of
// it. The file FAKE_CLOCK tells how far ahead it was at the end.

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import promises from 'node:timers/promises';

const speed = Number(process.env.FAKE_SPEED ?? 1);
let ahead = Number(process.env.FAKE_AHEAD ?? 0);
const file = process.env.FAKE_CLOCK;
for (const name of ['FAKE_SPEED', 'FAKE_AHEAD', 'FAKE_CLOCK']) delete process.env[name];
if (file) process.on('exit', () => fs.writeFileSync(file, String(ahead)));

const RealDate = Date;

/** A wait of seconds becomes a moment: other processes must get on meanwhile. @param {number} wait milliseconds */
const shortened = (wait) => (wait >= 1000 ? Math.max(wait / speed, Math.min(wait, 100)) : wait);

globalThis.Date = /** @type {DateConstructor} */ (
  class extends RealDate {
    /** @param {any[]} words */
    constructor(...words) {
      // @ts-expect-error every signature of Date is passed on
      super(...(words.length === 0 ? [RealDate.now() + ahead] : words));
    }

    static now() {
      return RealDate.now() + ahead;
    }
  }
);

// A timer that calls back may be a time limit: only what is awaited is a wait.
const realSleep = promises.setTimeout;
/** @type {any} */
const sleep = async (wait = 0, value = undefined, options = undefined) => {
  const slept = await realSleep(shortened(wait), value, options);
  ahead += wait - shortened(wait);
  return slept;
};
promises.setTimeout = sleep;

// A time limit is no wait: it may be shorter, never so short that a busy machine hits it, and moves no clock.
const realLimit = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = (wait) => realLimit(speed > 1 ? Math.max(2000, wait / speed) : wait);

syncBuiltinESMExports();
