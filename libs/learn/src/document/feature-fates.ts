import type { LearnedHorizon } from '../horizon/learn-horizon.js';
import type { FeatureFate, ProductFate } from './feature-fate.js';
import type { Suspicion } from './suspicions.js';

/** What became of every feature, in matrix order: none is left out. */
export function featureFates(
  columns: number,
  { pruning, leaks, selection, ranking }: LearnedHorizon,
  suspected: readonly Suspicion[],
): FeatureFate[] {
  const suspicion = new Map(suspected.map((each) => [each.column, each]));
  const position = new Map(selection.selected.map((column, k) => [column, k]));
  return Array.from({ length: columns }, (_, column): FeatureFate => {
    const prunedFor = pruning.reasons.get(column);
    if (prunedFor !== undefined) return { status: 'PRUNED', stage: 'prune', why: prunedFor };
    const leak = leaks.refused.get(column);
    if (leak !== undefined) return { status: 'PRUNED', stage: 'select', why: leak };
    const frequency = selection.frequency[column]!;
    const tried = Number.isNaN(frequency) ? {} : { selectionFrequency: frequency };
    const retained = position.get(column);
    if (retained === undefined) {
      return { status: 'PRUNED', stage: 'select', why: selection.notSelected(column), ...tried };
    }
    const suspected = suspicion.get(column);
    return {
      status: 'RETAINED',
      stage: 'model',
      why: selection.whySelected(column),
      ...(suspected?.retained ? { remark: suspected.why } : {}),
      ...tried,
      importance: ranking!.importance[retained]!,
      shapMeanAbs: ranking!.shapMeanAbs[retained]!,
      rank: ranking!.rank[retained]!,
    };
  });
}

/** What became of the retained products, in the order of the models' columns: ranked among the features. */
export function productFates(
  { columns, selection, ranking }: LearnedHorizon,
  suspected: readonly Suspicion[],
): ProductFate[] {
  return columns.flatMap(({ name, column, product }, position): ProductFate[] => {
    if (!product) return [];
    const { frequency } = selection.interactions!.retained[position - selection.selected.length]!;
    const remark = suspected.find((each) => each.retained && each.column === column);
    return [
      {
        name,
        status: 'RETAINED',
        stage: 'model',
        why: { code: 'product', facts: { share: frequency } },
        ...(remark?.retained ? { remark: remark.why } : {}),
        selectionFrequency: frequency,
        importance: ranking!.importance[position]!,
        shapMeanAbs: ranking!.shapMeanAbs[position]!,
        rank: ranking!.rank[position]!,
      },
    ];
  });
}
