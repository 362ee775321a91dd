// @ts-check
// The files by which an action tells the runner something, read by the runner's grammar.

export const SUMMARY_LIMIT = 1024 * 1024;

/**
 * `NAME=VALUE` or `NAME<<DELIMITER`, lines, `DELIMITER`: whichever of `=` and `<<` comes first decides.
 * @param {string} text @returns {[string, string][]}
 */
export function pairs(text) {
  /** @type {[string, string][]} */
  const found = [];
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line === '') continue;
    const [equals, heredoc] = [line.indexOf('='), line.indexOf('<<')];
    if (heredoc >= 0 && (equals < 0 || heredoc < equals)) {
      const [name, delimiter] = [line.slice(0, heredoc), line.slice(heredoc + 2)];
      if (name === '' || delimiter === '') throw new Error(`Invalid format '${line}'. Name must not be empty and delimiter must not be empty`);
      const end = lines.indexOf(delimiter, at + 1);
      if (end < 0) throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`);
      found.push([name, lines.slice(at + 1, end).join('\n')]);
      at = end;
    } else if (equals >= 0) {
      if (equals === 0) throw new Error(`Invalid format '${line}'. Name must not be empty`);
      found.push([line.slice(0, equals), line.slice(equals + 1)]);
    } else {
      throw new Error(`Invalid format '${line}'`);
    }
  }
  return found;
}
