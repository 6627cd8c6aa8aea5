import { type ColumnSource, joinedColumns } from '../binning/joined-columns.js';
import { openBinnedMatrix } from '../binning/shared-binned-matrix.js';
import type { PairInput } from '../data/pair-input.js';
import {
  type ModelColumn,
  type Product,
  productKey,
  productMatrix,
  productName,
} from '../interactions/product-columns.js';
import type { SelectionResult } from '../selection/selection-result.js';
import type { FoldFeatures, ModelColumns, ModelContext } from '../training/model-context.js';
import type { NestedSelection } from './select-stage.js';

export interface ColumnsOfModels extends Pick<ModelContext, 'matrix' | 'linearColumns' | 'folds'> {
  /** Of the final models, in the order of the matrix: features, then products. */
  readonly columns: readonly ModelColumn[];
}

/** What a model may use: a feature of the pair, or a product. */
interface Candidate extends ColumnSource {
  readonly key: string;
}

/**
 * Copies what a horizon's models use into small matrices: features and products of the final ones, and beside them what only folds
 * use. Both are the caller's to release.
 *
 * @param fitRows leading rows that bins are fitted on
 * @param linearFeatures most columns that linear models use: the most often selected ones
 */
export function columnsOfModels(
  { matrix, featureIds }: Pick<PairInput, 'matrix' | 'featureIds'>,
  { selection, foldSelections }: Pick<NestedSelection, 'selection' | 'foldSelections'>,
  { fitRows, linearFeatures }: { readonly fitRows: number; readonly linearFeatures: number },
): ColumnsOfModels {
  const { selected } = selection;
  if (selected.length === 0) return { matrix: null, linearColumns: [], folds: null, columns: [] };
  const products = distinct([selection, ...(foldSelections ?? [])].flatMap(productsOf));
  const made = products.length > 0 ? productMatrix(matrix, products, fitRows) : undefined;
  try {
    const ofProduct = new Map(products.map((product, column) => [productKey(product), column]));
    const sourcesOf = (found: SelectionResult): Candidate[] => [
      ...found.selected.map((column) => ({ matrix, column, key: String(column) })),
      ...productsOf(found).map((product) => {
        const key = productKey(product);
        return { matrix: made!.matrix, column: ofProduct.get(key)!, key };
      }),
    ];
    const own = sourcesOf(selection);
    const features = selected.map((column) => ({ name: featureIds[column]!, column, product: null }));
    const multiplied = productsOf(selection).map((product, k) => ({
      name: productName(product, featureIds),
      column: matrix.columns + k,
      product: made!.columns[ofProduct.get(productKey(product))!]!,
    }));
    return {
      matrix: openBinnedMatrix(joinedColumns(own)),
      linearColumns: oftenest(selection, own, linearFeatures),
      folds: foldSelections && foldFeatures(own, foldSelections, sourcesOf, linearFeatures),
      columns: [...features, ...multiplied],
    };
  } finally {
    made?.matrix.release();
  }
}

function foldFeatures(
  own: readonly Candidate[],
  folds: readonly SelectionResult[],
  sourcesOf: (found: SelectionResult) => Candidate[],
  linearFeatures: number,
): FoldFeatures {
  const all = new Map([...own, ...folds.flatMap(sourcesOf)].map((source) => [source.key, source]));
  const order = [...all.values()];
  const columns = folds.map((fold): ModelColumns => {
    const used = new Set(sourcesOf(fold).map(({ key }) => key));
    const positions = [...order.keys()].filter((position) => used.has(order[position]!.key));
    return { columns: positions, linearColumns: oftenest(fold, order, linearFeatures, positions) };
  });
  return { matrix: openBinnedMatrix(joinedColumns(order)), columns };
}

function productsOf({ interactions }: SelectionResult): readonly Product[] {
  return interactions?.retained ?? [];
}

function distinct(products: readonly Product[]): Product[] {
  return [...new Map(products.map((product) => [productKey(product), product])).values()];
}

/** Positions of those of the columns that were selected most often, ascending. */
function oftenest(
  { frequency, interactions }: SelectionResult,
  columns: readonly Candidate[],
  most: number,
  positions: readonly number[] = [...columns.keys()],
): number[] {
  const ofProduct = new Map(
    (interactions?.retained ?? []).map((found) => [productKey(found), found.frequency]),
  );
  const shares = columns.map(({ key, column }) => ofProduct.get(key) ?? frequency[column]!);
  const byFrequency = [...positions].sort((a, b) => shares[b]! - shares[a]! || a - b);
  return byFrequency.slice(0, most).sort((a, b) => a - b);
}
