import { formatBytes } from '/lib/format/bytes.js';
import { formatPercent } from '/lib/format/percent.js';
import { shownLine } from '/lib/format/shown-text.js';
import { formatUsd } from '/lib/format/usd.js';

/** Stands for a figure that there is not. */
const NONE = '–';

/** A text of somebody else on one line, with what hides or turns text written out. */
export const shown = shownLine;

/** "RUN_STATE_AWAITING_APPROVAL" as "awaiting approval". */
export function stateName(state: string): string {
  return state
    .replace(/^(RUN|PAIR|TASK)_STATE_|^ATTEMPT_OUTCOME_/, '')
    .toLowerCase()
    .replaceAll('_', ' ');
}

/** Verdicts in words, as the command has them. */
export function verdictName(verdict: string): string {
  if (verdict === 'SKILL_SUSPECT') return 'SKILL, SUSPECT';
  return verdict === 'SKILL' ? 'SKILL' : verdict.toLowerCase().replaceAll('_', ' ');
}

/** A figure with so many digits. */
export function figure(value: number | null | undefined, digits: number): string {
  return typeof value === 'number' && Number.isFinite(value) ? value.toFixed(digits) : NONE;
}

/** A share in percent. */
export function percent(share: number | null | undefined): string {
  return typeof share === 'number' && Number.isFinite(share) ? formatPercent(share) : NONE;
}

/** US dollars. */
export function usd(value: number | null | undefined): string {
  return typeof value === 'number' ? formatUsd(value) : NONE;
}

/** Bytes that came as a text of digits. */
export function bytes(value: string | undefined): string {
  return value === undefined ? NONE : formatBytes(Number(value));
}

/** A count with thousands apart. */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** Log loss saved a row in millinats with its interval, signs written out. */
export function gain(of: {
  skill: number | null;
  skillLow: number | null;
  skillHigh: number | null;
}): string {
  const signed = (nats: number | null): string =>
    nats === null ? NONE : `${nats > 0 ? '+' : ''}${(1_000 * nats).toFixed(1)}`;
  return `${signed(of.skill)} [${signed(of.skillLow)}, ${signed(of.skillHigh)}]`;
}

/** A time as people of this browser write it, to the second. */
export function timeText(time: string | undefined): string {
  return time === undefined ? NONE : new Date(time).toLocaleString();
}

/** A time of today without its day. */
export function clockText(time: string | undefined): string {
  return time === undefined ? NONE : new Date(time).toLocaleTimeString();
}

/** Seconds between two times; up to now where there is no second. */
export function secondsBetween(from: string | undefined, to: string | undefined): number {
  if (from === undefined) return Number.NaN;
  return ((to === undefined ? Date.now() : Date.parse(to)) - Date.parse(from)) / 1_000;
}

/** True while a run may still change. */
export function isActive(state: string): boolean {
  return /_(PLANNING|AWAITING_APPROVAL|RUNNING|AWAITING_PILOT_APPROVAL)$/.test(state);
}

/** True while a run waits for somebody. */
export function awaitsApproval(state: string): boolean {
  return /_AWAITING_(PILOT_)?APPROVAL$/.test(state);
}
