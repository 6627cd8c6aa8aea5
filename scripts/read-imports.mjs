import { parseAst } from 'vitest/node';

/** Kinds of syntax that name another module, and where each has the name. */
const NAMES = {
  ImportDeclaration: (node) => node.source,
  ExportNamedDeclaration: (node) => node.source,
  ExportAllDeclaration: (node) => node.source,
  ImportExpression: (node) => node.source,
  TSImportType: (node) => node.source,
  TSExternalModuleReference: (node) => node.expression,
};

/**
 * Every module that a source file names: imports and re-exports of values and of types, `import()` of both, in the
 * order in which they stand. A name that is computed is none.
 *
 * @param path of the file, for its ending and for messages
 * @returns `{ name, line }`, the line counted from 1
 * @throws Error naming the file when its text is no TypeScript
 */
export function readImports(text, path) {
  const found = [];
  visit(parse(text, path), (node) => {
    const name = textOf(NAMES[node.type]?.(node));
    if (name !== undefined) found.push({ name, line: text.slice(0, node.start).split('\n').length });
  });
  return found;
}

function parse(text, path) {
  try {
    return parseAst(text, { lang: languageOf(path) });
  } catch (cause) {
    throw new Error(`${path}: ${cause.message}`, { cause });
  }
}

function languageOf(path) {
  if (/\.d\.m?ts$/.test(path)) return 'dts';
  return path.endsWith('.tsx') ? 'tsx' : 'ts';
}

function visit(node, see) {
  if (typeof node.type === 'string') see(node);
  for (const child of Object.values(node)) {
    if (typeof child === 'object' && child !== null) visit(child, see);
  }
}

/** The text of a literal; of a template too, where nothing is put into it. */
function textOf(node) {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node?.type === 'TemplateLiteral' && node.expressions.length === 0) return node.quasis[0].value.cooked;
  return undefined;
}
