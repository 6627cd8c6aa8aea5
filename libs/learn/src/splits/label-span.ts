/** What a label covers, in bars: the target of a row at bar t is the change over [t + horizon - targetWindow, t + horizon]. */
export interface LabelGeometry {
  readonly horizon: number;
  readonly targetWindow: number;
}

/**
 * First bar of a row's span: the row itself, or the start of its label where that reaches back before the
 * row (horizon < targetWindow).
 */
export function spanStart(bar: number, { horizon, targetWindow }: LabelGeometry): number {
  return bar + Math.min(0, horizon - targetWindow);
}

/** Last bar of a row's span: the end of its label. */
export function spanEnd(bar: number, { horizon }: LabelGeometry): number {
  return bar + Math.max(0, horizon);
}

/** Bars that must lie between a training row and a later scored row: max(horizon, targetWindow). */
export function purgeBars({ horizon, targetWindow }: LabelGeometry): number {
  return Math.max(horizon, targetWindow, 0);
}
