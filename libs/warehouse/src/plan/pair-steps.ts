import { agg } from '../families/agg.js';
import { align } from '../families/align.js';
import { baseBqx, baseIdx, corrEtf } from '../families/base.js';
import { corr, cov } from '../families/cov.js';
import { der } from '../families/der.js';
import { lag } from '../families/lag.js';
import { mom } from '../families/mom.js';
import { reg } from '../families/reg.js';
import { regime } from '../families/regime.js';
import { createTargetsTable, targetColumns, targetsTable } from '../families/targets.js';
import { tmp } from '../families/tmp.js';
import { vol } from '../families/vol.js';
import { shareCurrency } from '../pair-legs.js';
import { createPairSeriesTable } from '../series/pair-series.js';
import { pairSeries } from '../series/series-source.js';
import { ALL_PARTS, createSeriesTable } from '../series/series-table.js';
import type { UniverseShape } from '../universe-shape.js';
import { tableName, VARIANTS, type Variant } from '../variant.js';
import type { BuildStep, PlannedTable } from './build-step.js';
import { featureTable } from './feature-table.js';

/** The tables of one pair alone: targets, base, calendar, and every family in all three variants. */
export function pairSteps(pair: string, shape: UniverseShape): BuildStep[] {
  const targets: PlannedTable = {
    name: targetsTable(pair),
    group: 'targets',
    columns: targetColumns().length,
    sql: createTargetsTable(pair),
  };
  const base: BuildStep = {
    stage: pair,
    prepare: [],
    tables: [
      targets,
      featureTable('pair', `base_idx_${pair}`, baseIdx(pair)),
      featureTable('pair', `base_bqx_${pair}`, baseBqx(pair)),
      featureTable('pair', `tmp_${pair}`, tmp(pair)),
      featureTable('pair', `corr_etf_${pair}`, corrEtf(pair, shape.windows)),
    ],
  };
  return [base, ...VARIANTS.map((variant) => variantStep(pair, variant, shape))];
}

function variantStep(pair: string, variant: Variant, { windows, stats, lags }: UniverseShape): BuildStep {
  const families = {
    agg: agg(windows, stats.agg),
    mom: mom(windows, stats.mom),
    vol: vol(windows, stats.vol),
    der: der(windows),
    reg: reg(windows, stats.reg),
    align: align(windows),
    lag: lag(lags),
    regime: regime(windows),
  };
  return {
    stage: pair,
    prepare: [createSeriesTable(pairSeries(pair, variant), { windows, parts: ALL_PARTS })],
    tables: Object.entries(families).map(([name, family]) =>
      featureTable('pair', tableName(name, variant, pair), family),
    ),
  };
}

/** The cov and corr tables of every two available pairs of which one is built and the other is its partner. */
export function partnerSteps(
  built: readonly string[],
  available: readonly string[],
  shape: UniverseShape,
): BuildStep[] {
  const partners = new Map(built.map((pair) => [pair, partnersOf(pair, available, shape.partners)]));
  const couples = available.flatMap((first, i) =>
    available
      .slice(i + 1)
      .filter((second) => partners.get(first)?.includes(second) || partners.get(second)?.includes(first))
      .map((second) => [first, second] as const),
  );
  return couples.flatMap(([first, second]) =>
    shape.sharedVariants.map((variant) => ({
      stage: 'cov and corr',
      prepare: [createPairSeriesTable(first, second, variant, shape.windows)],
      tables: [
        featureTable(
          'pair',
          tableName('cov_agg', variant, first, second),
          cov(first, second, shape.windows, shape.stats.cov),
        ),
        featureTable('pair', tableName('corr_roll', variant, first, second), corr(shape.windows)),
      ],
    })),
  );
}

function partnersOf(
  pair: string,
  available: readonly string[],
  partners: UniverseShape['partners'],
): string[] {
  const others = available.filter((other) => other !== pair);
  if (partners === 'all') return others;
  const near = others.filter((other) => shareCurrency(pair, other));
  return partners === 'shared-currency' ? near : near.slice(0, partners);
}
