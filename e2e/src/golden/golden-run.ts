import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ResultDocument } from '@onescan/learn';
import { onescan } from '../command.js';
import { digestDocuments, type GoldenRun } from './digest-documents.js';

/** Beside the sources, also when this runs from dist. */
const RECORDED = fileURLToPath(new URL('../../src/golden/fixtures/demo.json', import.meta.url));

/** As it is kept: the digests of a field in all documents, in their order, are one line; `-` where there is no such field. */
interface RecordedRun {
  readonly figures: GoldenRun['figures'];
  readonly digests: Readonly<Record<string, string>>;
}

export function readGolden(): GoldenRun {
  const { figures, digests } = JSON.parse(readFileSync(RECORDED, 'utf8')) as RecordedRun;
  const fields = Object.entries(digests).map(([field, line]) => ({ field, of: line.split(' ') }));
  const own = (k: number) => fields.flatMap(({ field, of }) => (of[k] === '-' ? [] : [[field, of[k]!]]));
  const byName = Object.keys(figures).map((name, k) => [name, Object.fromEntries(own(k))]);
  return { figures, digests: Object.fromEntries(byName) };
}

export function recordGolden({ figures, digests }: GoldenRun): void {
  const documents = Object.keys(figures).map((name) => digests[name]!);
  const fields = [...new Set(documents.flatMap(Object.keys))].sort();
  const line = (field: string) => documents.map((own) => own[field] ?? '-').join(' ');
  const run: RecordedRun = {
    figures,
    digests: Object.fromEntries(fields.map((field) => [field, line(field)])),
  };
  writeFileSync(RECORDED, `${JSON.stringify(run, null, 1)}\n`);
}

/** Runs `onescan demo` as a user does, in a folder that is removed afterwards. @throws Error when it fails */
export async function runDemo(): Promise<GoldenRun> {
  const folder = mkdtempSync(join(tmpdir(), 'onescan-golden-'));
  try {
    const { code, stdout, stderr } = await onescan(folder, 'demo');
    if (code !== 0) throw new Error(`the demo ended with exit code ${code}:\n${stdout}\n${stderr}`);
    const runs = join(folder, '.onescan/state/runs');
    const [run] = readdirSync(runs);
    const { results } = JSON.parse(readFileSync(join(runs, run!, 'results.json'), 'utf8')) as {
      results: { document: ResultDocument }[];
    };
    return digestDocuments(results.map(({ document }) => document));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
