// @ts-check

/** A clock that tests can stop and move. It runs like the machine's until it is set. */
export class Clock {
  /** @type {number | undefined} */
  #stopped;
  #ahead = 0;

  /** Stops the clock at an instant. @param {string} instant ISO timestamp */
  set(instant) {
    const at = Date.parse(instant);
    if (Number.isNaN(at)) throw new Error(`\`${instant}\` is not an instant`);
    this.#stopped = at;
  }

  /** Moves the clock on, stopped or not. @param {number} seconds */
  advance(seconds) {
    if (this.#stopped === undefined) this.#ahead += seconds * 1000;
    else this.#stopped += seconds * 1000;
  }

  /** How far it is ahead of the machine's, in milliseconds. */
  get ahead() {
    return this.millis() - Date.now();
  }

  /** Moves the clock on if it is behind another. @param {number} ahead how far that is ahead of the machine's */
  catchUp(ahead) {
    const behind = ahead - this.ahead;
    if (behind > 0) this.advance(behind / 1000);
  }

  /** Lets the clock run with the machine's again. */
  run() {
    this.#stopped = undefined;
    this.#ahead = 0;
  }

  /** Milliseconds since 1970. */
  millis() {
    return this.#stopped ?? Date.now() + this.#ahead;
  }

  /** As GitHub writes it: `2026-11-21T09:00:00Z`. */
  now() {
    return new Date(this.millis()).toISOString().replace(/\.\d+Z$/, 'Z');
  }
}
