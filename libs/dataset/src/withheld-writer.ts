import { BlockWriter } from './block-writer.js';
import { hashValues } from './column-profile.js';
import type { DatasetContent } from './dataset-content.js';
import { withheldTable } from './dataset-layout.js';
import type { WithheldColumn } from './dataset-reserve.js';
import { type FeatureValues, storedType } from './feature-values.js';
import type { TableFiller } from './fill-table.js';
import { encodingText } from './judge-columns.js';
import { manyTextsFrom } from './many-texts.js';

/** Keeps the columns that were excluded by their values, as they come. */
export class WithheldWriter {
  readonly #columns: WithheldColumn[] = [];
  readonly #blocks: BlockWriter;
  #kept = 0;

  constructor(
    tables: TableFiller,
    private readonly content: DatasetContent,
  ) {
    this.#blocks = new BlockWriter(tables, content.keys, withheldTable);
  }

  /** Takes a copy of the values of the column at a place in the universe. */
  async add(ordinal: number, values: FeatureValues): Promise<void> {
    const candidate = this.content.columns[ordinal]!;
    if (candidate.exclusion !== undefined) {
      this.#addTexts(ordinal, manyTextsFrom(values, this.content.sampleOrder));
      return;
    }
    const encoding = encodingText(candidate);
    this.#columns.push({
      ordinal,
      position: this.#kept++,
      encoding,
      stored: storedType(values),
      contentSha256: hashValues(values),
    });
    await this.#blocks.add(values);
  }

  /** All columns in order, once the last was added. */
  async end(): Promise<WithheldColumn[]> {
    await this.#blocks.flush();
    for (const [ordinal, column] of this.content.columns.entries()) {
      if (column.manyTextsFrom !== undefined) this.#addTexts(ordinal, column.manyTextsFrom);
    }
    return this.#columns.sort((a, b) => a.ordinal - b.ordinal);
  }

  #addTexts(ordinal: number, from: number): void {
    this.#columns.push({ ordinal, encoding: '', stored: '', contentSha256: '', manyTextsFrom: from });
  }
}
