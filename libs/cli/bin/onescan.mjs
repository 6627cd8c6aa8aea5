#!/usr/bin/env node
import './require-node.mjs';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const main = new URL('../dist/main.js', import.meta.url);
/** Only a checkout has its packages in a lockfile here. */
const isCheckout = existsSync(new URL('../../../package-lock.json', import.meta.url));

// No top-level await: an old Node must get as far as the message of the import above.
import('./open-files.mjs')
  .then(({ requireOpenFiles }) => {
    requireOpenFiles();
    if (!existsSync(fileURLToPath(main))) throw new Error('it is not built');
    // A service does not pay for all verbs, neither time nor memory.
    const [verb, ...rest] = process.argv.slice(2);
    const isServed = verb === 'serve' && rest.length > 0 && !rest[0].startsWith('-');
    return isServed ? import('./serve.mjs').then(({ serve }) => serve(rest)) : import(main.href);
  })
  .catch(explain);

/** What is not whole has no program that could say so. */
function explain(error) {
  const isNotWhole = /MODULE_NOT_FOUND|ERR_DLOPEN_FAILED|undefined/.test(String(error.code));
  const remedy = isCheckout
    ? 'Run `npm run setup` in the checkout: it installs and builds what is missing'
    : 'Install it again where it was installed: npm install onescan';
  console.error(`onescan: ${error.message.split('\n')[0]}${isNotWhole ? `. ${remedy}` : ''}`);
  if (process.argv.includes('--verbose')) console.error(error.stack);
  process.exit(5);
}
