import { canonicalJson } from '@onescan/contract/canonical-json.js';
import { formatCount } from '@onescan/contract/format/count.js';
import { tableText } from '../catalogue/catalogue.js';
import type { DatasetIdentity, IdentityTable } from '../planning/dataset-identity.js';
import { columnKey, type HeldDataset } from './held-dataset.js';

/** Columns and tables that are named; more are counted. */
const NAMED = 3;

/** Something that a dataset is to have and another does not hold. */
export interface Shortfall {
  /** Field of the run spec that asks for it. */
  readonly field: string;
  /** What the other lacks, to be read after its name. */
  readonly text: string;
}

/** Tables that were read and are not any more what they were. */
interface Changed {
  readonly changed: readonly string[];
}

/**
 * What is missing in a dataset for making another one of it; nothing when the other would hold the same bytes as if it
 * were fetched.
 */
export function shortfalls(held: HeldDataset, wanted: DatasetIdentity): Shortfall[] {
  const { identity } = held;
  if (!isSameSource(identity, wanted)) {
    return [{ field: 'warehouse', text: 'is of another pair, warehouse or version of Onescan' }];
  }
  const found = [
    ...sampleShortfalls(identity, wanted),
    ...targetShortfalls(identity, wanted),
    ...tableShortfalls(held, wanted),
  ];
  const changed = new Set(found.flatMap((each) => ('changed' in each ? each.changed : [])));
  const others = found.flatMap((each) => ('changed' in each ? [] : [each]));
  if (changed.size === 0) return others;
  return [{ field: 'universe', text: `is from before ${list([...changed], 'table')} changed` }, ...others];
}

function isSameSource(held: DatasetIdentity, wanted: DatasetIdentity): boolean {
  const source = ({ content, maxOrdinalTexts, warehouse, pair, keyColumn }: DatasetIdentity): string =>
    canonicalJson({ content, maxOrdinalTexts, warehouse, pair, keyColumn });
  return source(held) === source(wanted);
}

/** Samples are nested where seed and period, the rows to choose from and their source are the same. */
function sampleShortfalls(held: DatasetIdentity, wanted: DatasetIdentity): (Shortfall | Changed)[] {
  const [has, wants] = [held.sample, wanted.sample];
  if (has.seed !== wants.seed) {
    return [{ field: 'sample.seed', text: `has the sample of seed ${has.seed}, not ${wants.seed}` }];
  }
  const period = ({ from, to, days }: DatasetIdentity['sample']): string => canonicalJson({ from, to, days });
  if (period(has) !== period(wants)) {
    const days = has.days || wants.days ? ' or other days' : '';
    return [{ field: 'period', text: `has the sample of another period${days}` }];
  }
  const source = ({ sources }: DatasetIdentity['sample']): string =>
    canonicalJson(sources.map(({ rows: _, ...facts }) => facts));
  if (source(has) !== source(wants)) {
    return [changedTables(has.sources, wants.sources)];
  }
  const more = wants.sources.find(({ rows }, i) => rows > has.sources[i]!.rows);
  if (more) {
    const rows = has.sources[wants.sources.indexOf(more)]!.rows;
    return [{ field: 'sample.rows', text: `has ${rows} rows, not ${more.rows}` }];
  }
  // Which of the pairs a key was sampled for is not known any more.
  const isOther = wants.sources.length > 1 && canonicalJson(has.sources) !== canonicalJson(wants.sources);
  return isOther ? [{ field: 'sample.rows', text: 'has the samples of several pairs, of more rows' }] : [];
}

function targetShortfalls(held: DatasetIdentity, wanted: DatasetIdentity): (Shortfall | Changed)[] {
  const [has, wants] = [held.targets, wanted.targets];
  if (!wants) return [];
  if (has?.window !== wants.window) {
    return [{ field: 'targetWindow', text: `has targets of window ${has?.window}, not ${wants.window}` }];
  }
  const missing = wants.horizons.filter((horizon) => !has.horizons.includes(horizon));
  if (missing.length > 0) {
    return [{ field: 'horizons', text: `lacks the targets of ${missing.map((h) => `h${h}`).join(', ')}` }];
  }
  if (has.persistence !== wants.persistence) {
    const text = `has the persistence by h${has.persistence}, not by h${wants.persistence}`;
    return [{ field: 'horizons', text }];
  }
  const closes = wanted.closes && canonicalJson(wanted.closes);
  if (closes === undefined || (held.closes && canonicalJson(held.closes) === closes)) return [];
  return [changedTables(held.closes ? [held.closes] : [], [wanted.closes!])];
}

function tableShortfalls(held: HeldDataset, wanted: DatasetIdentity): (Shortfall | Changed)[] {
  const there = new Map(held.identity.tables.map((table) => [tableText(table), table]));
  const isSample = held.identity.sample.sources.length === 1;
  const rows = isSample ? wanted.sample.sources[0]!.rows : held.rows;
  const changed: string[] = [];
  const missing: string[] = [];
  const texts: string[] = [];
  for (const table of wanted.tables) {
    if (table.shared) continue;
    const read = table.columns.filter(({ exclusion }) => exclusion === undefined);
    const before = there.get(tableText(table));
    if (read.length > 0 && before?.state && dataOf(before) !== dataOf(table)) {
      changed.push(table.name);
      continue;
    }
    for (const column of read) {
      const found = held.columns.get(columnKey(table, column));
      const type = before?.columns.find(({ name }) => name === column.name)?.type;
      if (!found || type !== column.type) missing.push(`${table.name}.${column.name}`);
      else if (found.from === 'texts' && rows < held.rows && rows < found.manyTextsFrom) {
        texts.push(`${table.name}.${column.name}`);
      }
    }
  }
  return [
    ...(changed.length > 0 ? [{ changed }] : []),
    ...(missing.length > 0 ? [{ field: 'universe', text: `lacks ${list(missing, 'column')}` }] : []),
    ...(texts.length > 0
      ? [
          {
            field: 'sample.rows',
            text: `does not hold the texts of ${list(texts, 'column')}, which may be few enough in ${rows} rows`,
          },
        ]
      : []),
  ];
}

function dataOf({ keyType, state }: IdentityTable): string {
  return canonicalJson({ keyType, state });
}

function changedTables(
  before: readonly { schema: string; name: string }[],
  now: readonly { schema: string; name: string }[],
): Shortfall | Changed {
  const same = now.every((table, i) => before[i] && tableText(before[i]) === tableText(table));
  if (!same || before.length !== now.length) return { field: 'pairs', text: 'is of other keys or closes' };
  const changed = now.filter(
    (table, i) => canonicalJson(stateOf(table)) !== canonicalJson(stateOf(before[i]!)),
  );
  return { changed: changed.map(({ name }) => name) };
}

/** Of a source or of closes: what is there, but not how much of it is taken. */
function stateOf<T extends object>(table: T & { rows?: number }): Omit<T, 'rows'> {
  const { rows: _, ...state } = table;
  return state;
}

function list(names: readonly string[], what: string): string {
  if (names.length === 1) return `${what} ${names[0]}`;
  const more = names.length > NAMED ? ', ...' : '';
  return `${formatCount(names.length, what)} (${names.slice(0, NAMED).join(', ')}${more})`;
}
