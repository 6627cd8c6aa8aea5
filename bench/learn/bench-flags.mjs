import { parseArgs } from 'node:util';

/** @satisfies {import('node:util').ParseArgsConfig['options']} */
const COMMON = {
  full: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  python: { type: 'string', default: 'python3' },
};

/**
 * Flags common to all benchmarks, and numbers of the one that asks.
 *
 * @param numbers name to its values { usual, quick, full }; a flag of that name overrides them
 * @param texts name to default text of further flags
 * @returns the numbers and texts, `json`, `python`, and `given`: the common flags as they were given
 */
export function benchFlags(numbers, texts = {}) {
  /** @type {import('node:util').ParseArgsConfig['options']} */
  const options = { ...COMMON };
  for (const name of Object.keys(numbers)) options[name] = { type: 'string' };
  for (const [name, value] of Object.entries(texts)) options[name] = { type: 'string', default: value };
  const { values } = parseArgs({ options });
  const size = values.full ? 'full' : values.quick ? 'quick' : 'usual';
  const chosen = { json: values.json, python: String(values.python), given: process.argv.slice(2) };
  for (const [name, sizes] of Object.entries(numbers)) {
    chosen[name] = Number(values[name] ?? sizes[size] ?? sizes.usual);
    if (!(chosen[name] > 0)) throw new RangeError(`--${name} must be a number above 0, got ${values[name]}`);
  }
  for (const name of Object.keys(texts)) chosen[name] = values[name];
  return chosen;
}

/** Settings by dotted key, from the text of a flag: "select.nested=no,select.pairs=25". */
export function settingsOf(text) {
  return Object.fromEntries(
    text
      .split(',')
      .filter(Boolean)
      .map((one) => one.split('=')),
  );
}
