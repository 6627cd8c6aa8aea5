/** On which series a family is computed: prices as quoted, prices indexed to 100, or bqx_45. */
export type Variant = 'plain' | 'idx' | 'bqx';

export const VARIANTS: readonly Variant[] = ['plain', 'idx', 'bqx'];

/** `agg` + `idx` + `eurusd` -> `agg_idx_eurusd`; the plain variant has no infix. */
export function tableName(family: string, variant: Variant, ...subjects: string[]): string {
  return [family, ...(variant === 'plain' ? [] : [variant]), ...subjects].join('_');
}
