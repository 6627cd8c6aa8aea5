import { BlockWriter } from './block-writer.js';
import { hashValues } from './column-profile.js';
import type { DatasetContent } from './dataset-content.js';
import { withheldTable } from './dataset-layout.js';
import type { WithheldColumn } from './dataset-reserve.js';
import { type FeatureValues, storedType } from './feature-values.js';
import type { TableFiller } from './fill-table.js';
import { encodingText, MAX_ORDINAL_TEXTS } from './judge-columns.js';

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

/**
 * The least sample that is sure to hold more than {@link MAX_ORDINAL_TEXTS} texts of a column which holds more in all
 * rows: samples are nested, so every larger one does too.
 *
 * @param codes by row; a code may stand for several texts, never a text for several codes, NaN = missing
 * @param order rows in the order in which samples take them up; without one only all rows are sure to
 */
function manyTextsFrom(codes: FeatureValues, order: Int32Array | undefined): number {
  const seen = new Set<number>();
  for (let taken = 0; order !== undefined && taken < order.length; taken++) {
    const code = codes[order[taken]!]!;
    if (Number.isNaN(code)) continue;
    seen.add(code);
    if (seen.size > MAX_ORDINAL_TEXTS) return taken + 1;
  }
  return codes.length;
}
