import type { LearnConfig } from '../config/learn-config.js';
import { LearnInputError } from '../errors/learn-input-error.js';
import { type LabelGeometry, spanEnd, spanStart } from '../splits/label-span.js';
import type { ProtocolSegments } from '../splits/protocol-segments.js';
import { purge } from '../splits/purge.js';

interface StackSetting {
  readonly bar: Int32Array;
  readonly geometry: LabelGeometry;
  readonly config: Pick<LearnConfig, 'protocol'>;
}

/**
 * Checks that every stack has rows to be fitted on: for walk-forward folds rows of earlier folds that purging leaves, for
 * combinatorial ones rows of the other groups that meet neither group they are kept from.
 *
 * @throws LearnInputError when purging leaves some stack none
 */
export function requireStackRows({ folds, combinatorial }: ProtocolSegments, setting: StackSetting): void {
  if (combinatorial) {
    requireGroupRows(combinatorial.groups, setting);
    return;
  }
  const { bar, geometry } = setting;
  // Later folds have all rows that earlier ones have, and more.
  const [first, second] = folds as unknown as readonly [{ test: Uint32Array }, { test: Uint32Array }];
  if (spanEnd(bar[first.test[0]!]!, geometry) < spanStart(bar[second.test[0]!]!, geometry)) return;
  throw new LearnInputError(
    `purging leaves no row of fold 1 to fit stacking weights for fold 2 of ${folds.length} on: use fewer folds or more rows`,
  );
}

function requireGroupRows(groups: readonly Uint32Array[], { bar, geometry, config }: StackSetting): void {
  const blockOf = (group: Uint32Array) => ({ first: group[0]!, last: group.at(-1)! });
  const { embargoBars } = config.protocol;
  groups.forEach((group, g) => {
    groups.forEach((other, o) => {
      if (g === o) return;
      const blocks = [blockOf(group), blockOf(other)];
      const isClear = (rows: Uint32Array) => purge({ rows, bar, geometry, blocks, embargoBars }).length > 0;
      if (groups.some((rest, r) => r !== g && r !== o && isClear(rest))) return;
      throw new LearnInputError(
        'protocol.scheme=combinatorial: purging leaves no row to fit stacking weights on: use fewer folds or more rows',
      );
    });
  });
}
