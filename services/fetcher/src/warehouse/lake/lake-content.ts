import { LAKE_FILE, type LakeManifest, lakeContent } from '@onescan/warehouse/lake/lake-manifest.js';
import { z } from 'zod';
import { tableText } from '../../catalogue/catalogue.js';
import { isSettled, type LakeTable } from './lake-files.js';
import type { LakeFile, LakeStore } from './lake-store.js';

const MANIFEST = z.object({
  format: z.literal('onescan.lake'),
  formatVersion: z.literal(1),
  tables: z.record(z.string(), z.object({ content: z.string(), version: z.string() })),
});

/** Versions of tables by the bytes of their files, each of which is read once as long as it stays as it is. */
export class LakeContent {
  readonly #hashes = new Map<string, { readonly state: string; readonly sha256: string }>();

  constructor(private readonly store: LakeStore) {}

  /** The version of a table; the one it had in the embedded warehouse while its files are as they were exported. */
  async versionOf(table: LakeTable, manifest: LakeManifest | undefined): Promise<string> {
    const files: { path: string; sha256: string }[] = [];
    for (const file of table.files) files.push({ path: file.within, sha256: await this.#hash(file) });
    const content = lakeContent(files);
    const exported = manifest?.tables[tableText(table)];
    return exported?.content === content ? exported.version : content;
  }

  /** What an export has written beside the tables; undefined when there is nothing. */
  async manifest(): Promise<LakeManifest | undefined> {
    try {
      return MANIFEST.safeParse(JSON.parse((await this.store.readText(LAKE_FILE)) ?? '')).data;
    } catch {
      return undefined;
    }
  }

  async #hash(file: LakeFile): Promise<string> {
    const { path, state } = file;
    const known = this.#hashes.get(path);
    if (known?.state === state) return known.sha256;
    const wasSettled = isSettled(file);
    const sha256 = await this.store.sha256(file);
    if (wasSettled) this.#hashes.set(path, { state, sha256 });
    return sha256;
  }
}
