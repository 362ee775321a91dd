// @ts-check
// GitHub's `${{ }}` expressions, as far as defaults of inputs use them: context paths, literals, == != ! && || ( ).

/** @param {string} text @param {Record<string, any>} contexts @returns {string} */
export function substitute(text, contexts) {
  const whole = /^\$\{\{((?:(?!\}\}).)*)\}\}$/s.exec(text.trim());
  if (whole) return written(evaluate(whole[1] ?? '', contexts));
  return text.replace(/\$\{\{(.*?)\}\}/gs, (_, inner) => written(evaluate(inner, contexts)));
}

/** @param {unknown} value */
function written(value) {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? 'Object' : String(value);
}

/** @param {string} source @param {Record<string, any>} contexts @returns {any} */
export function evaluate(source, contexts) {
  const tokens = source.match(/'(?:[^']|'')*'|&&|\|\||==|!=|[!()[\].]|-?\d+(?:\.\d+)?|[A-Za-z_][\w-]*|\S/g) ?? [];
  let at = 0;
  const next = () => tokens[at];
  const take = (/** @type {string} */ token) => (tokens[at] === token ? ((at += 1), true) : false);
  const need = (/** @type {string} */ token) => {
    if (!take(token)) throw new Error(`\`${source.trim()}\` is no expression that the runner's test double understands`);
  };

  /** @returns {any} */
  const either = () => {
    let value = both();
    while (take('||')) {
      const other = both();
      value = truthy(value) ? value : other;
    }
    return value;
  };
  /** @returns {any} */
  const both = () => {
    let value = equal();
    while (take('&&')) {
      const other = equal();
      value = truthy(value) ? other : value;
    }
    return value;
  };
  /** @returns {any} */
  const equal = () => {
    const value = unary();
    if (take('==')) return like(value, unary());
    if (take('!=')) return !like(value, unary());
    return value;
  };
  /** @returns {any} */
  const unary = () => (take('!') ? !truthy(unary()) : primary());
  /** @returns {any} */
  const primary = () => {
    if (take('(')) {
      const value = either();
      need(')');
      return value;
    }
    const token = next() ?? '';
    at += 1;
    if (token.startsWith("'")) return token.slice(1, -1).replaceAll("''", "'");
    if (/^-?\d/.test(token)) return Number(token);
    if (token === 'true' || token === 'false') return token === 'true';
    if (token === 'null') return null;
    if (!Object.hasOwn(contexts, token)) throw new Error(`\`${token}\` is no context`);
    let value = contexts[token];
    for (;;) {
      if (take('.')) {
        value = field(value, next() ?? '');
        at += 1;
      } else if (take('[')) {
        value = field(value, either());
        need(']');
      } else return value;
    }
  };
  const value = either();
  if (at !== tokens.length) need(')');
  return value;
}

/** @param {any} owner @param {string | number} name */
function field(owner, name) {
  if (owner === null || typeof owner !== 'object') return null;
  const key = Object.keys(owner).find((each) => each.toLowerCase() === String(name).toLowerCase());
  return key === undefined ? null : owner[key];
}

/** @param {any} value */
function truthy(value) {
  return value !== null && value !== undefined && value !== false && value !== 0 && value !== '';
}

/** @param {any} one @param {any} other */
function like(one, other) {
  if (typeof one === 'string' && typeof other === 'string') return one.toLowerCase() === other.toLowerCase();
  return (one ?? null) === (other ?? null);
}
