import { agg } from '../families/agg.js';
import { strengthSeries } from '../families/csi.js';
import {
  createMarketSummary,
  marketBreadth,
  marketFlow,
  marketOutside,
  marketSeries,
  SUMMARY_TABLE,
} from '../families/mkt.js';
import { mom } from '../families/mom.js';
import { tri, triangleSeries, triangles } from '../families/tri.js';
import { variance } from '../families/variance.js';
import { createSeriesTable } from '../series/series-table.js';
import type { UniverseShape } from '../universe-shape.js';
import { tableName } from '../variant.js';
import type { BuildStep } from './build-step.js';
import { featureTable } from './feature-table.js';

/** The tables that are the same for every pair: tri, csi, var and mkt. */
export function sharedSteps(available: readonly string[], shape: UniverseShape): BuildStep[] {
  return [...triSteps(available, shape), ...strengthSteps(available, shape), ...marketSteps(shape)];
}

function triSteps(available: readonly string[], shape: UniverseShape): BuildStep[] {
  const { windows, stats, sharedVariants } = shape;
  const all = triangles(available);
  const dollar = all.filter(({ currencies }) => currencies.includes('usd'));
  const chosen =
    shape.triangles === 'all'
      ? all
      : shape.triangles === 'dollar'
        ? dollar
        : dollar.slice(0, shape.triangles);
  return chosen.flatMap((triangle) =>
    sharedVariants.map((variant) => ({
      stage: 'tri',
      prepare: [createSeriesTable(triangleSeries(triangle, variant), { windows, parts: [] })],
      tables: [
        featureTable(
          'tri',
          tableName('tri_agg', variant, ...triangle.currencies),
          tri(triangle, variant, windows, stats.tri),
        ),
      ],
    })),
  );
}

function strengthSteps(available: readonly string[], shape: UniverseShape): BuildStep[] {
  const { windows, stats, sharedVariants } = shape;
  const present = shape.currencies.filter((currency) => available.some((pair) => pair.includes(currency)));
  return present.flatMap((currency) =>
    sharedVariants.map((variant) => ({
      stage: 'csi and var',
      prepare: [
        createSeriesTable(strengthSeries(currency, variant), {
          windows,
          parts: ['extent', 'lag', 'squares'],
        }),
      ],
      tables: [
        featureTable('csi', tableName('csi_agg', variant, currency), agg(windows, stats.csiAgg)),
        featureTable('csi', tableName('csi_mom', variant, currency), mom(windows, stats.csiMom)),
        featureTable('var', tableName('var_agg', variant, currency), variance(windows, stats.variance)),
      ],
    })),
  );
}

function marketSteps({ windows, stats, currencies }: UniverseShape): BuildStep[] {
  const lines = marketSeries().map((source): BuildStep => {
    const columns = [...agg(windows, stats.mkt).columns, ...mom(windows, stats.mkt).columns];
    return {
      stage: 'mkt',
      prepare: [createSeriesTable(source, { windows, parts: ['extent', 'lag', 'path'] })],
      tables: [featureTable('mkt', `mkt_${source.name}`, { ...agg(windows), columns })],
    };
  });
  const direct: BuildStep = {
    stage: 'mkt',
    prepare: [],
    tables: [
      featureTable('mkt', 'mkt_flow', marketFlow(windows, currencies)),
      featureTable('mkt', 'mkt_breadth', marketBreadth(windows)),
      featureTable('mkt', 'mkt_outside', marketOutside()),
      { name: SUMMARY_TABLE, group: 'mkt', columns: SUMMARY_COLUMNS, sql: createMarketSummary() },
    ],
  };
  return [...lines, direct];
}

/** Columns of the market summary, none of which can be tested: it has no key. */
const SUMMARY_COLUMNS = 4;
