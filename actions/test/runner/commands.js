// @ts-check
// Workflow commands in an action's output, understood as the runner understands them: `::name key=value::data` at the
// beginning of a line (after blanks), and the older `##[name key=value]data` anywhere in it.

const ANNOTATIONS = ['error', 'warning', 'notice'];
const KNOWN = [...ANNOTATIONS, 'debug', 'group', 'endgroup', 'echo', 'add-mask', 'add-matcher', 'remove-matcher', 'set-output', 'save-state', 'set-env', 'add-path'];
/** How many annotations of one type a step may make, and how long their text may be. */
export const ANNOTATION_LIMIT = 10;
const MESSAGE_LIMIT = 4096;

/** @typedef {{ name: string, properties: Record<string, string>, data: string }} Command */
/** @typedef {{ type: string, message: string, title?: string, file?: string, line?: string, endLine?: string, col?: string, endColumn?: string }} Annotation */

/** What one step said, and what the runner made of it. */
export class Listener {
  /** @param {Masks} masks */
  constructor(masks) {
    this.masks = masks;
    /** Every command that took effect. @type {Command[]} */
    this.commands = [];
    /** @type {Annotation[]} */
    this.annotations = [];
    /** How many annotations were over the limit. */
    this.dropped = 0;
    /** What the log shows, masked. @type {string[]} */
    this.log = [];
    /** Why the step fails though its process may not. @type {string[]} */
    this.errors = [];
    /** @type {Record<string, string>} */
    this.outputs = {};
    /** @type {Record<string, string>} */
    this.state = {};
  }

  /** The word that ends a pause. @type {string | undefined} */
  #stopped;

  /** @param {string} line */
  hear(line) {
    const known = (/** @type {string} */ name) => [...KNOWN, 'stop-commands', this.#stopped ?? ''].includes(name.toLowerCase());
    const command = modern(line, known) ?? old(line, known);
    if (!command || !this.obey(command)) this.log.push(this.masks.apply(line));
  }

  /** @param {Command} command whether it was one */
  obey(command) {
    const name = command.name.toLowerCase();
    if (this.#stopped !== undefined) {
      if (name !== this.#stopped) return false;
      this.#stopped = undefined;
      return true;
    }
    this.commands.push(command);
    const { properties, data } = command;
    if (name === 'stop-commands') this.#stopped = data.toLowerCase();
    else if (name === 'add-mask') this.masks.add(data);
    else if (ANNOTATIONS.includes(name)) this.annotate(name, data, properties);
    else if (name === 'set-output') this.outputs[properties.name ?? ''] = data;
    else if (name === 'save-state') this.state[properties.name ?? ''] = data;
    else if (name === 'set-env' || name === 'add-path') this.errors.push(`The \`${name}\` command is disabled`);
    else if (name === 'group') this.log.push(`##[group]${this.masks.apply(data)}`);
    return true;
  }

  /** @param {string} type @param {string} data @param {Record<string, string>} [properties] */
  annotate(type, data, properties = {}) {
    const message = this.masks.apply(data).slice(0, MESSAGE_LIMIT);
    this.log.push(`##[${type}]${this.masks.apply(data)}`);
    if (this.annotations.filter((each) => each.type === type).length >= ANNOTATION_LIMIT) this.dropped += 1;
    else this.annotations.push({ type, message, ...properties });
  }
}

/** Secrets, which the runner replaces by `***` wherever it shows something. */
export class Masks {
  /** @type {Set<string>} */
  #values = new Set();

  /** @param {string} secret */
  add(secret) {
    for (const value of [secret, ...secret.split(/\r?\n/)]) {
      if (value.trim() === '') continue;
      for (const form of [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)]) this.#values.add(form);
    }
  }

  /** @param {string} text */
  apply(text) {
    return [...this.#values].sort((one, other) => other.length - one.length).reduce((shown, value) => shown.replaceAll(value, '***'), text);
  }

  /** @param {string} value */
  has(value) {
    return this.#values.has(value);
  }
}

/** @param {string} line @param {(name: string) => boolean} known @returns {Command | undefined} */
function modern(line, known) {
  const text = line.trimStart();
  const end = text.startsWith('::') ? text.indexOf('::', 2) : -1;
  if (end < 0) return undefined;
  const { name, rest } = head(text.slice(2, end));
  if (!known(name)) return undefined;
  return { name, properties: properties(rest.trim().split(','), propertyText), data: dataText(text.slice(end + 2)) };
}

/** @param {string} line @param {(name: string) => boolean} known @returns {Command | undefined} */
function old(line, known) {
  const start = line.indexOf('##[');
  const end = start < 0 ? -1 : line.indexOf(']', start);
  if (end < 0) return undefined;
  const { name, rest } = head(line.slice(start + 3, end));
  if (!known(name)) return undefined;
  return { name, properties: properties(rest.split(';'), oldText), data: oldText(line.slice(end + 1)) };
}

/** @param {string} info */
function head(info) {
  const space = info.indexOf(' ');
  return space < 0 ? { name: info, rest: '' } : { name: info.slice(0, space), rest: info.slice(space + 1) };
}

/** @param {string[]} parts @param {(text: string) => string} plain */
function properties(parts, plain) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const part of parts) {
    const equals = part.indexOf('=');
    if (equals > 0 && equals < part.length - 1) found[part.slice(0, equals)] = plain(part.slice(equals + 1));
  }
  return found;
}

/** @param {[string, string][]} escapes */
function unescape(escapes) {
  return (/** @type {string} */ text) => escapes.reduce((plain, [from, to]) => plain.replaceAll(from, to), text);
}

const dataText = unescape([['%0D', '\r'], ['%0A', '\n'], ['%25', '%']]);
const propertyText = unescape([['%0D', '\r'], ['%0A', '\n'], ['%3A', ':'], ['%2C', ','], ['%25', '%']]);
const oldText = unescape([['%3B', ';'], ['%0D', '\r'], ['%0A', '\n'], ['%5D', ']'], ['%25', '%']]);
