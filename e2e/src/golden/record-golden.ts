import { differences } from './digest-documents.js';
import { readGolden, recordGolden, runDemo } from './golden-run.js';

// Records anew, on purpose, what src/long/golden-run.spec.ts compares with: npm run record-golden --workspace e2e
const run = await runDemo();
const changed = differences(readGolden(), run);
recordGolden(run);
process.stdout.write(changed.length === 0 ? 'nothing changed\n' : `${changed.join('\n')}\n`);
