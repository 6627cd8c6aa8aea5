#!/usr/bin/env node
import '../../../scripts/require-node.mjs';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/main.js', import.meta.url);

// No top-level await: an old Node must get as far as the message of the import above.
import('./open-files.mjs')
  .then(({ requireOpenFiles }) => {
    requireOpenFiles();
    if (!existsSync(fileURLToPath(main))) throw new Error('it is not built');
    return import(main.href);
  })
  .catch(explain);

/** A checkout that is not whole has no program that could say so. */
function explain(error) {
  const isNotWhole = /MODULE_NOT_FOUND|ERR_DLOPEN_FAILED|undefined/.test(String(error.code));
  const remedy = isNotWhole
    ? '. Run `npm run setup` in the checkout: it installs and builds what is missing'
    : '';
  console.error(`onescan: ${error.message.split('\n')[0]}${remedy}`);
  if (process.argv.includes('--verbose')) console.error(error.stack);
  process.exit(5);
}
