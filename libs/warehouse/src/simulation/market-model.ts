/**
 * The model behind the simulation. Seven legs against the dollar; the other 21 pairs are their products
 * and quotients with a little quote noise, so triangles nearly close.
 */

/** Standard deviation of a leg's return over one bar, as a fraction. EURUSD's bqx_45 then has about 0.1 %. */
export const LEG_DEVIATION: Readonly<Record<string, number>> = {
  eur: 1.2e-4,
  gbp: 1.4e-4,
  aud: 1.6e-4,
  nzd: 1.7e-4,
  cad: 1.2e-4,
  chf: 1.2e-4,
  jpy: 1.3e-4,
};

/** Dollars for one unit of the currency at the first bar. */
export const FIRST_VALUE: Readonly<Record<string, number>> = {
  eur: 1.1,
  gbp: 1.27,
  aud: 0.66,
  nzd: 0.61,
  cad: 0.74,
  chf: 1.13,
  jpy: 1 / 147,
};

/** Share of the variance of every leg but the yen's that is one common dollar factor. */
export const COMMON_SHARE = 0.3;

/** Standard deviation of the quote noise of a cross, as a fraction: a sixth of a bar's move. */
export const CROSS_NOISE = 2e-5;

/** Share of the bars that a cross misses. Pairs against the dollar miss none. */
export const MISSING_SHARE = 0.003;

/** The planted state is AR(1) with unit variance; this coefficient is a half-life of 46 bars. */
export const STATE_PERSISTENCE = 0.985;

/**
 * Bars by which the state leads the returns. The delay is what makes the effect worth finding: volume shows the state
 * now, prices only later, so persistence of the price itself (the baseline of every report) gains little from it.
 */
export const STATE_DELAY = 45;

/**
 * EURUSD's return gains this many standard deviations a unit of the state {@link STATE_DELAY} bars before. Over 45
 * bars the state is then about 60 % of the variance of bqx_45.
 */
export const STATE_LOADING = 0.2;

/** Relative change of the tick volume of every euro pair for one unit of the state. */
export const VOLUME_LOADING = 0.25;

/** Standard deviation of the independent relative noise of every pair's tick volume. */
export const VOLUME_NOISE = 0.3;
