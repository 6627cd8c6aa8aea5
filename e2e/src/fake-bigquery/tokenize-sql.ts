import { invalidQuery } from './api-error.js';

export interface Token {
  /** `name`: in backticks; `word`: a bare identifier or keyword; `text`: a string literal, unescaped. */
  kind: 'name' | 'word' | 'text' | 'number' | 'symbol';
  value: string;
}

const BLANK = /(?:\s+|--[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /\d+(?:\.\d*)?(?:[eE][+-]?\d+)?/y;
const NAME = /`([^`\\\n]+)`/y;
const TEXT = /'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"/y;
const SYMBOL = /<=|>=|<>|!=|\|\||<<|>>|[-+*/%&|^~=<>(),.[\]@?]/y;

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r' };

/** Cuts GoogleSQL into tokens, comments and white space left out. Throws invalidQuery. */
export function tokenizeSql(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(sql);
    if (found) at = pattern.lastIndex;
    return found;
  };
  while (at < sql.length) {
    if (match(BLANK)) continue;
    const start = at;
    let found = match(NAME);
    if (found) {
      tokens.push({ kind: 'name', value: found[1]! });
      continue;
    }
    found = match(TEXT);
    if (found) {
      tokens.push({ kind: 'text', value: unescaped(found[1] ?? found[2] ?? '') });
      continue;
    }
    const kinds = [
      ['word', WORD],
      ['number', NUMBER],
      ['symbol', SYMBOL],
    ] as const;
    const kind = kinds.find(([, pattern]) => match(pattern));
    if (!kind) {
      throw invalidQuery(`Syntax error: Illegal input character ${JSON.stringify(sql[at])} at [${at}]`);
    }
    tokens.push({ kind: kind[0], value: sql.slice(start, at) });
  }
  return tokens;
}

function unescaped(text: string): string {
  return text.replaceAll(/\\(.)/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}
