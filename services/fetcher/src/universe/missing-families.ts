import type { PlanNote } from '@onescan/contract/generated/onescan/v1/plan.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { PAIRS } from '@onescan/contract/pair.js';
import { planNote } from '@onescan/contract/reasons/plan-note.js';
import type { Catalogue } from '../catalogue/catalogue.js';
import { GlobSet } from './glob.js';
import { pairGlobs } from './group-notes.js';
import type { UniverseRequest } from './universe.js';

const PLACE = '{pair}';
/** Rare tables that are named. */
const NAMED = 64;

/**
 * Checks that the pair has a table in every family that other pairs have: a family is a table name with the
 * one pair it names left out, e.g. mom_{pair}. Names with two pairs (cov_*) are no families, their sets
 * differ by pair.
 *
 * @returns notes about families that only a minority of the pairs have
 * @throws OnescanError NOT_FOUND naming the tables that most other pairs have and this one lacks
 */
export function requireFamilies(catalogue: Catalogue, request: UniverseRequest): PlanNote[] {
  const { families, pairs } = findFamilies(catalogue, request);
  const others = [...pairs].filter((pair) => pair !== request.pair).length;
  const excluded = new GlobSet(request.exclude);
  const missing: string[] = [];
  const rare: string[] = [];
  for (const [family, members] of families) {
    const table = family.replace(PLACE, request.pair);
    if (members.has(request.pair) || excluded.matches(table)) continue;
    (members.size * 2 > others ? missing : rare).push(table);
  }
  if (missing.length > 0) throw missingTables(missing, request);
  if (rare.length === 0) return [];
  const facts = { pair: request.pair, tables: rare.sort().slice(0, NAMED) };
  return [planNote({ code: 'rare_family', facts }, rare.length)];
}

function findFamilies(
  catalogue: Catalogue,
  request: UniverseRequest,
): { families: Map<string, Set<string>>; pairs: Set<string> } {
  const families = new Map<string, Set<string>>();
  const pairs = new Set<string>();
  const ownGroups = request.groups.filter(({ shared }) => !shared);
  const requested = new Map(PAIRS.map((pair) => [pair, pairGlobs(ownGroups, pair)]));
  for (const table of catalogue.tables) {
    if (table.schema !== request.names.featureSchema) continue;
    const named = PAIRS.filter((pair) => table.name.includes(pair));
    const pair = named[0];
    if (named.length !== 1 || !pair || !requested.get(pair)!.matches(table.name)) continue;
    pairs.add(pair);
    const family = table.name.replace(pair, PLACE);
    families.set(family, (families.get(family) ?? new Set()).add(pair));
  }
  return { families, pairs };
}

function missingTables(tables: string[], request: UniverseRequest): OnescanError {
  const named = tables.sort().join(', ');
  return new OnescanError(
    'NOT_FOUND',
    `${request.pair} lacks ${tables.length === 1 ? 'the table' : 'the tables'} ${named} in ${request.names.featureSchema}, which most other pairs have`,
    {
      remedy: `Add what is missing to the warehouse, or remove the family with universe.exclude (${tables[0]!.replace(request.pair, '*')})`,
      details: { pair: request.pair, table: tables[0]! },
    },
  );
}
