import { byCodeUnits } from '@onescan/contract/code-units.js';
import type { ExclusionReason } from '@onescan/contract/reasons/reason.js';
import { type ColumnProfile, type ColumnSummary, profileColumn } from './column-profile.js';
import type { DatasetColumn } from './dataset.js';
import type { CandidateColumn } from './dataset-content.js';
import { type FeatureValues, storedType } from './feature-values.js';
import type { ShiftedTargets } from './shifted-target.js';
import type { TargetCopies } from './target-copy.js';

/** Most distinct texts of a column that is encoded by the order of its texts. */
export const MAX_ORDINAL_TEXTS = 64;

/** What a column must not repeat. */
export interface PairTargets {
  readonly copies: TargetCopies;
  readonly shifted: ShiftedTargets;
}

/** Stage of exclusions in `_columns` and in the ledger. */
const EXCLUSION_STAGE = 'plan';

const NOT_MEASURED: ColumnProfile = {
  nullShare: Number.NaN,
  min: Number.NaN,
  max: Number.NaN,
  mean: Number.NaN,
  deviation: Number.NaN,
  contentSha256: '',
};

/** Decides whether a column is included, and measures it if so. */
export function judgeColumn(
  candidate: CandidateColumn,
  { values, summary }: { values: FeatureValues; summary: ColumnSummary },
  { copies, shifted }: PairTargets,
): DatasetColumn {
  if (candidate.exclusion) return excludedColumn(candidate, candidate.exclusion);
  const profile = profileColumn(values, summary);
  const horizon = copies.repeated(values);
  if (horizon !== null) {
    return excludedColumn(candidate, { code: 'same_as_target', facts: { horizon } });
  }
  const bars = shifted.lookAhead(values);
  if (bars !== undefined) {
    return excludedColumn(candidate, { code: 'follows_later_target', facts: { bars } });
  }
  return {
    ...describe(candidate),
    encoding: encodingText(candidate),
    stored: storedType(values),
    included: true,
    exclusionStage: '',
    ...profile,
    infinite: summary.infinite,
  };
}

export function excludedColumn(candidate: CandidateColumn, exclusion: ExclusionReason): DatasetColumn {
  return {
    ...describe(candidate),
    encoding: '',
    stored: '',
    included: false,
    exclusionStage: EXCLUSION_STAGE,
    exclusion,
    ...NOT_MEASURED,
    infinite: 0,
  };
}

function describe(candidate: CandidateColumn): { featureId: string; group: string; type: string } {
  return { featureId: candidate.featureId, group: candidate.group, type: candidate.type };
}

/** How the values of a column are encoded, as files say it. */
export function encodingText(candidate: CandidateColumn): string {
  if (candidate.encoding !== 'ordinal') return candidate.encoding;
  return JSON.stringify({ ordinal: [...(candidate.texts ?? [])].sort(byCodeUnits) });
}
