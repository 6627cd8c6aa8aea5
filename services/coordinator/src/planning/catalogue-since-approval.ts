import { canonicalJson } from '@onescan/contract/canonical-json.js';
import type { CatalogueChange, Plan } from '@onescan/contract/generated/onescan/v1/plan.js';
import type { ResolvedRunSpec } from '@onescan/contract/run-spec.js';
import { type Catalogue, compareCatalogues, parseCatalogue } from '../model/catalogue-change.js';
import type { RunRecord } from '../model/run-record.js';
import { readApprovedRuns } from '../store/run-table.js';
import type { Store } from '../store/store.js';

/** Approved runs that are looked through: older ones say little of what a user expects. */
const LATEST_RUNS = 50;

/** Snapshots of the catalogue by pair, as the fetcher sent them. */
export type PairCatalogues = ReadonlyMap<string, Uint8Array>;

/**
 * How tables and columns differ from those of the last approved plan of the same universe and warehouse that has a
 * pair of this plan; undefined when there is none. Pairs that one of the two lacks are left out.
 */
export async function catalogueSinceApproval(
  store: Pick<Store, 'readRunTable' | 'readCatalogue'>,
  spec: ResolvedRunSpec,
  planned: { plan: Plan; catalogues: PairCatalogues },
): Promise<CatalogueChange | undefined> {
  const { plan, catalogues } = planned;
  const approved = await store.readRunTable((reader) => readApprovedRuns(reader, LATEST_RUNS));
  const earlier = approved
    .filter(
      (run) => universeOf(run.spec) === universeOf(spec) && run.plan?.warehouseName === plan.warehouseName,
    )
    .find((run) => commonPairs(run, plan).length > 0);
  if (!earlier) return undefined;
  const pairs = commonPairs(earlier, plan);
  const before: Catalogue[] = [];
  for (const { catalogueSha256 } of pairs) {
    const stored = await store.readCatalogue(catalogueSha256);
    if (stored) before.push(parseCatalogue(stored));
  }
  const now = pairs.map(({ pair }) => parseCatalogue(catalogues.get(pair)!));
  const { time, approvedBy } = earlier.approvals.at(-1)!;
  return {
    runId: earlier.runId,
    approvedAt: time,
    approvedBy,
    pairs: pairs.map(({ pair }) => pair),
    ...compareCatalogues(before, now),
  };
}

function commonPairs(earlier: RunRecord, plan: Plan): { pair: string; catalogueSha256: string }[] {
  const now = new Set(plan.pairs.map(({ pair }) => pair));
  return earlier.plan!.pairs.filter((pair) => now.has(pair.pair) && pair.catalogueSha256 !== '');
}

/** What determines which tables and columns are looked for. */
function universeOf({ universe: { groups, exclude } }: ResolvedRunSpec): string {
  return canonicalJson({ groups: groups.map(({ name, tables }) => ({ name, tables })), exclude });
}
