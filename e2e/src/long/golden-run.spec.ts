import { expect, test } from 'vitest';
import { differences } from '../golden/digest-documents.js';
import { readGolden, runDemo } from '../golden/golden-run.js';

test('the documents of the demo are those that were recorded (anew: npm run record-golden --workspace e2e)', async () => {
  expect(differences(readGolden(), await runDemo())).toEqual([]);
});
