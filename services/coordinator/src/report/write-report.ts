import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { RunSnapshot } from '../runs/run-record.js';
import type { Store } from '../store/store.js';

export async function writeReport(store: Store, snapshot: RunSnapshot, folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const partial = join(folder, 'ledger.parquet.partial');
  await store.exportLedger(snapshot.run.runId, partial);
  renameSync(partial, join(folder, 'ledger.parquet'));
  return '';
}
