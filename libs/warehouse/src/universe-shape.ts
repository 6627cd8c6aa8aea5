import { OnescanError } from '@onescan/contract/onescan-error.js';
import { CURRENCIES } from '@onescan/contract/pair.js';
import type { Stats } from './families/family.js';
import { VARIANTS, type Variant } from './variant.js';
import { WINDOWS } from './windows.js';

export type UniverseName = 'small' | 'standard' | 'full';

/** Which tables and columns a universe has. Every family is in all of them. */
export interface UniverseShape {
  readonly name: UniverseName;
  readonly windows: readonly number[];
  readonly stats: Readonly<
    Record<'agg' | 'mom' | 'vol' | 'reg' | 'cov' | 'tri' | 'csiAgg' | 'csiMom' | 'variance' | 'mkt', Stats>
  >;
  readonly lags: readonly number[];
  /** Partners of a pair in cov and corr tables: all 27, those that share a currency (12), or the first few of those. */
  readonly partners: 'all' | 'shared-currency' | number;
  /** Triangles: all 56, those with the dollar (21), or the first few of those. */
  readonly triangles: 'all' | 'dollar' | number;
  /** Currencies with csi and var tables. */
  readonly currencies: readonly string[];
  /** Variants of tables beside the pair's own, which always come in all three. */
  readonly sharedVariants: readonly Variant[];
}

const EVERY = 'all' as const;

const FULL: UniverseShape = {
  name: 'full',
  windows: WINDOWS,
  stats: {
    agg: EVERY,
    mom: EVERY,
    vol: EVERY,
    reg: EVERY,
    cov: EVERY,
    tri: EVERY,
    csiAgg: ['mean', 'std', 'position'],
    csiMom: ['roc', 'zscore'],
    variance: EVERY,
    mkt: EVERY,
  },
  lags: [1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90],
  partners: 'all',
  triangles: 'all',
  currencies: CURRENCIES,
  sharedVariants: VARIANTS,
};

const STANDARD: UniverseShape = {
  ...FULL,
  name: 'standard',
  partners: 'shared-currency',
  triangles: 'dollar',
  stats: { ...FULL.stats, mkt: ['mean', 'std', 'position', 'roc', 'zscore'] },
};

const SMALL: UniverseShape = {
  name: 'small',
  windows: [45, 360],
  stats: {
    agg: ['mean', 'std', 'count', 'position'],
    mom: ['roc', 'dir', 'zscore', 'strength'],
    vol: ['atr', 'of_vol', 'realized'],
    reg: ['mean', 'std', 'slope', 'quad_coef', 'residual', 'r2', 'forecast_5'],
    cov: ['spread_zscore'],
    tri: EVERY,
    csiAgg: ['position'],
    csiMom: ['roc'],
    variance: ['realized', 'net'],
    mkt: ['mean', 'roc'],
  },
  lags: [1, 15, 30],
  partners: 2,
  triangles: 2,
  currencies: ['eur', 'usd', 'jpy'],
  sharedVariants: VARIANTS,
};

const SHAPES: Readonly<Record<UniverseName, UniverseShape>> = {
  small: SMALL,
  standard: STANDARD,
  full: FULL,
};

/** @throws OnescanError INVALID_ARGUMENT when no universe has that name */
export function universeShape(name: string): UniverseShape {
  if (Object.hasOwn(SHAPES, name)) return SHAPES[name as UniverseName];
  throw new OnescanError('INVALID_ARGUMENT', `universe: "${name}" is not a warehouse universe`, {
    remedy: `Use one of ${Object.keys(SHAPES).join(', ')}`,
    details: { field: 'universe', value: name },
  });
}
