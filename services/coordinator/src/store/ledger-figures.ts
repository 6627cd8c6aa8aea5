import type { DuckDBConnection } from '@duckdb/node-api';

/** Features of a pair that count most over its horizons, and how often each was selected at every one of them. */
export interface FeatureMap {
  readonly pair: string;
  /** The best first. */
  readonly features: readonly {
    readonly featureId: string;
    /** Selection frequency by horizon; without those at which the ledger has none. */
    readonly frequency: ReadonlyMap<number, number>;
    /** Horizons at which it was retained. */
    readonly retained: ReadonlySet<number>;
  }[];
}

/** What the features of a family, e.g. `mom` of `mom_eurusd.roc`, came to for a pair, over its horizons. */
export interface FamilyTotal {
  readonly family: string;
  readonly pair: string;
  readonly features: number;
  /** Features that some horizon retained. */
  readonly retained: number;
  /** Share of the pair's importance; horizons count alike. */
  readonly share: number;
}

/** The highest selection frequencies of a task, falling, whatever became of the features. */
export interface FrequencyCurve {
  readonly pair: string;
  readonly horizon: number;
  readonly frequencies: readonly number[];
}

/** Maps of all pairs of a run. @param most features a pair */
export async function readFeatureMaps(
  reader: DuckDBConnection,
  runId: string,
  most: number,
): Promise<FeatureMap[]> {
  const read = await reader.runAndReadAll(
    `WITH own AS (SELECT pair, horizon, feature_id, status, selection_frequency, importance FROM ledger WHERE run_id = $1),
     weighed AS (SELECT pair, feature_id, sum(coalesce(importance, 0)) AS weight FROM own
       GROUP BY pair, feature_id HAVING count(*) FILTER (status = 'RETAINED') > 0),
     best AS (SELECT * FROM weighed
       QUALIFY row_number() OVER (PARTITION BY pair ORDER BY weight DESC, feature_id) <= ${most})
     SELECT pair, feature_id, horizon, selection_frequency, status = 'RETAINED' AS retained
     FROM own JOIN best USING (pair, feature_id) ORDER BY pair, weight DESC, feature_id, horizon`,
    [runId],
  );
  const maps = new Map<string, Map<string, { frequency: Map<number, number>; retained: Set<number> }>>();
  for (const row of read.getRowObjects()) {
    const [pair, featureId, horizon] = [String(row.pair), String(row.feature_id), Number(row.horizon)];
    const features =
      maps.get(pair) ?? new Map<string, { frequency: Map<number, number>; retained: Set<number> }>();
    maps.set(pair, features);
    const feature = features.get(featureId) ?? { frequency: new Map(), retained: new Set() };
    features.set(featureId, feature);
    if (row.selection_frequency !== null) feature.frequency.set(horizon, Number(row.selection_frequency));
    if (row.retained) feature.retained.add(horizon);
  }
  return [...maps].map(([pair, features]) => ({
    pair,
    features: [...features].map(([featureId, found]) => ({ featureId, ...found })),
  }));
}

/** Totals by family and pair: a family is what the name of a table begins with, up to its first "_". */
export async function readFamilyTotals(reader: DuckDBConnection, runId: string): Promise<FamilyTotal[]> {
  const read = await reader.runAndReadAll(
    `WITH own AS (SELECT pair, feature_id, status, coalesce(importance, 0) AS importance,
       regexp_extract(feature_id, '^[^_.]*') AS family FROM ledger WHERE run_id = $1 AND status <> 'EXCLUDED'),
     totals AS (SELECT pair, sum(importance) AS importance FROM own GROUP BY pair)
     SELECT family, own.pair, count(DISTINCT feature_id) AS features,
       count(DISTINCT feature_id) FILTER (status = 'RETAINED') AS retained,
       sum(own.importance) / nullif(any_value(totals.importance), 0) AS share
     FROM own JOIN totals USING (pair) GROUP BY ALL ORDER BY family, own.pair`,
    [runId],
  );
  return read.getRowObjects().map((row) => ({
    family: String(row.family),
    pair: String(row.pair),
    features: Number(row.features),
    retained: Number(row.retained),
    share: Number(row.share ?? 0),
  }));
}

/** Curves of all tasks of a run. @param most features a task */
export async function readFrequencyCurves(
  reader: DuckDBConnection,
  runId: string,
  most: number,
): Promise<FrequencyCurve[]> {
  const read = await reader.runAndReadAll(
    `SELECT pair, horizon, list(selection_frequency ORDER BY selection_frequency DESC) AS frequencies FROM (
       SELECT pair, horizon, selection_frequency FROM ledger WHERE run_id = $1 AND selection_frequency IS NOT NULL
       QUALIFY row_number() OVER (PARTITION BY pair, horizon ORDER BY selection_frequency DESC) <= ${most})
     GROUP BY ALL ORDER BY pair, horizon`,
    [runId],
  );
  return read.getRowsJson().map(([pair, horizon, frequencies]) => ({
    pair: String(pair),
    horizon: Number(horizon),
    frequencies: (frequencies as number[]).map(Number),
  }));
}
