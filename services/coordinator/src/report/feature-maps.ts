import { formatPercent } from '@onescan/contract/format/percent.js';
import type { FamilyTotal, FeatureMap } from '../store/ledger-figures.js';
import { chartOrNote } from './chart-or-note.js';
import { percentFigure, shortName } from './figures.js';
import { heatMap } from './heat-map.js';
import { type Html, html, table } from './html.js';
import type { ReportData } from './report-data.js';

/** Families shown; the rest are too small to be told apart. */
const FAMILIES = 16;

/** What matters across pairs, and for each of them. */
export function familiesSection({ families }: ReportData): Html {
  const shown = familyWeights(families)
    .slice(0, FAMILIES)
    .map(([family]) => family);
  if (shown.length === 0) return html``;
  const pairs = [...new Set(families.map(({ pair }) => pair))];
  return html`<h2 id="families">Families of features</h2>
    <p>A family is what the name of a table begins with. A cell is the family's share of what a pair's models owe to
      features, over all horizons.</p>
    ${chartOrNote(
      'the families by pair',
      () => familyChart(shown, pairs, families),
      () => familyTable(shown, pairs, families),
    )}`;
}

/** The best features of a pair and how often each was selected at every horizon. */
export function featureMapSection(map: FeatureMap | undefined, horizons: readonly number[]): Html {
  if (!map || map.features.length === 0) return html``;
  return html`<h3>Features by horizon</h3>
    ${chartOrNote(
      `the features of ${map.pair} by horizon`,
      () => featureMapChart(map, horizons),
      () => featureMapTable(map, horizons),
    )}
    <p class="small">Share of the subsamples that chose a feature, of the ${map.features.length} that matter most over all horizons;
      a dot says that it was retained there.</p>`;
}

/** Selection frequency by feature and horizon. */
export function featureMapChart({ pair, features }: FeatureMap, horizons: readonly number[]): string {
  const cells = features.flatMap(({ frequency, retained }, y) =>
    horizons.flatMap((horizon, x) => {
      const share = frequency.get(horizon);
      if (share === undefined) return [];
      return [
        {
          value: [x, y, share],
          label: { formatter: `${formatPercent(share, 0)}${retained.has(horizon) ? ' •' : ''}` },
        },
      ];
    }),
  );
  return heatMap({
    label: `Selection frequency of the best features of ${pair} by horizon`,
    columns: horizons.map((horizon) => `h${horizon}`),
    rows: features.map(({ featureId }) => shortName(featureId)),
    cells,
  });
}

function featureMapTable({ features }: FeatureMap, horizons: readonly number[]): Html {
  return table(
    ['feature', ...horizons.map((horizon) => `>h${horizon}`)],
    features.map(({ featureId, frequency }) => [
      featureId,
      ...horizons.map((horizon) => percentFigure(frequency.get(horizon) ?? null)),
    ]),
  );
}

/** Families with their shares over all pairs, the weightiest first. */
export function familyWeights(families: readonly FamilyTotal[]): [family: string, weight: number][] {
  const weights = new Map<string, number>();
  for (const { family, share } of families) weights.set(family, (weights.get(family) ?? 0) + share);
  return [...weights].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

/** A family's share of the importance by pair. */
export function familyChart(
  shown: readonly string[],
  pairs: readonly string[],
  families: readonly FamilyTotal[],
): string {
  const cells = families.flatMap(({ family, pair, share }) => {
    const y = shown.indexOf(family);
    if (y < 0) return [];
    return [{ value: [pairs.indexOf(pair), y, share], label: { formatter: formatPercent(share, 0) } }];
  });
  return heatMap({
    label: 'Share of the importance by family of features and pair',
    columns: pairs,
    rows: shown.map(shortName),
    cells,
  });
}

function familyTable(
  shown: readonly string[],
  pairs: readonly string[],
  families: readonly FamilyTotal[],
): Html {
  const of = (family: string, pair: string) =>
    families.find((total) => total.family === family && total.pair === pair);
  return table(
    ['family', ...pairs.map((pair) => `>${pair}`)],
    shown.map((family) => [
      family,
      ...pairs.map((pair) => {
        const total = of(family, pair);
        return total ? `${percentFigure(total.share)} (${total.retained} of ${total.features})` : '–';
      }),
    ]),
  );
}
