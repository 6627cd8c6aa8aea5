import { formatPercent } from '@onescan/contract/format/percent.js';
import type { EstimateJson } from '../model/result-document.js';

/** Of a feature's name in a picture. */
const MOST_CHARACTERS = 38;

/** The end of a feature's name, which tells it apart, in one line. */
export function shortName(name: string): string {
  const characters = [...name.replaceAll(/[\p{C}\p{Z}]+/gu, ' ')];
  if (characters.length <= MOST_CHARACTERS) return characters.join('');
  return `…${characters.slice(1 - MOST_CHARACTERS).join('')}`;
}

/** A number for an axis, short. */
export function shortNumber(value: number): string {
  return value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)
    ? value.toExponential(1)
    : String(Number(value.toPrecision(4)));
}

/** The same, or a dash where there is none. */
export function shortFigure(value: number | null | undefined): string {
  return typeof value === 'number' && Number.isFinite(value) ? shortNumber(value) : '–';
}

/** A share in percent, or a dash where there is none. */
export function percentFigure(share: number | null): string {
  return share === null || !Number.isFinite(100 * share) ? '–' : formatPercent(share);
}

/** A number with so many digits, or a dash where there is none. */
export function figure(value: number | null, digits = 3): string {
  return value === null || !Number.isFinite(value) ? '–' : value.toFixed(digits);
}

/** An estimate in percent with its interval. */
export function interval(estimate: EstimateJson): string {
  if (estimate.low === null || estimate.high === null) return percentFigure(estimate.value);
  return `${percentFigure(estimate.value)} [${percentFigure(estimate.low)}, ${percentFigure(estimate.high)}]`;
}
