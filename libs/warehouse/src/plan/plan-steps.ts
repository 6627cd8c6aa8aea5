import { createMarketTable } from '../series/market-table.js';
import type { UniverseShape } from '../universe-shape.js';
import type { BuildStep } from './build-step.js';
import { pairSteps, partnerSteps } from './pair-steps.js';
import { sharedSteps } from './shared-steps.js';

/**
 * Everything a build does after the bars are loaded, as data: the same shape and pairs give the same statements, so
 * their hash tells whether a warehouse on disk is what this build would make.
 */
export function planSteps(
  built: readonly string[],
  available: readonly string[],
  shape: UniverseShape,
): BuildStep[] {
  return [
    ...built.flatMap((pair) => pairSteps(pair, shape)),
    ...partnerSteps(built, available, shape),
    { stage: 'market', prepare: createMarketTable(available), tables: [] },
    ...sharedSteps(available, shape),
  ];
}
