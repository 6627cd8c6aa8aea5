// Imported first by every program. Kept free of newer syntax so that an old Node gets this message
// and not a syntax error.
import { readFileSync } from 'node:fs';

const packageJson = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const wanted = packageJson.engines.node.replace('>=', '');

if (!isAtLeast(process.versions.node, wanted)) {
  console.error(
    'onescan needs Node.js ' +
      wanted +
      ' or newer; this is ' +
      process.versions.node +
      ' (' +
      process.execPath +
      '). Install a newer Node.js from https://nodejs.org and run the command again.',
  );
  process.exit(2);
}

/** True when dotted version `actual` is not older than `minimum`. */
export function isAtLeast(actual, minimum) {
  const have = actual.split('.').map(Number);
  const want = minimum.split('.').map(Number);
  for (let part = 0; part < 3; part++) {
    const difference = (have[part] || 0) - (want[part] || 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}
