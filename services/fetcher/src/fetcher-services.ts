import type { CoveringDatasets } from './deriving/covering-datasets.js';
import type { FetchEnvironment } from './fetch/fetch-dataset.js';
import type { FetchGrants } from './fetch/fetch-grants.js';
import type { SharedFetches } from './fetch/shared-fetches.js';
import type { FetchMetrics } from './metrics/fetch-metrics.js';
import type { PlanningRules } from './planning/plan-pair.js';

/** What the answers of the fetcher are made with. */
export interface FetcherServices extends FetchEnvironment {
  readonly rules: PlanningRules;
  readonly covering: CoveringDatasets;
  readonly fetches: SharedFetches;
  /** Absent: whoever can reach the fetcher may have it run statements. */
  readonly grants?: FetchGrants;
  /** Absent: nothing is measured. */
  readonly measured?: FetchMetrics;
}
