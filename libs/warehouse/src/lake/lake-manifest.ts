import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { sha256Hex } from '@onescan/contract/canonical-json.js';

/** File at the root of an exported lake that tells what its tables were in the embedded warehouse. */
export const LAKE_FILE = 'onescan-lake.json';

/** `onescan-lake.json`: tables whose files are as they were exported give the datasets that the warehouse gave. */
export interface LakeManifest {
  readonly format: 'onescan.lake';
  readonly formatVersion: 1;
  /** By "schema.table": the content of its files and the version that the table had in the embedded warehouse. */
  readonly tables: Readonly<Record<string, { readonly content: string; readonly version: string }>>;
}

/** A file of a table: its path within the table's folder, empty for a table that is a file, and its SHA-256. */
export interface ContentFile {
  readonly path: string;
  readonly sha256: string;
}

/** The content of a table's files, whatever their order. */
export function lakeContent(files: readonly ContentFile[]): string {
  const lines = files.map(({ path, sha256 }) => `${sha256} ${path}`).sort();
  return sha256Hex(lines.join('\n'));
}

/** SHA-256 of a file's bytes, in hexadecimal digits. */
export async function fileSha256(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 }))
    hash.update(piece as Buffer);
  return hash.digest('hex');
}
