export type Stage = 'prune' | 'select' | 'model' | 'explain';

/** How a caller follows and stops the learning of a horizon; nothing here changes results. */
export interface LearnHooks {
  onStage?(stage: Stage, event: 'start' | 'end', facts?: Record<string, number | string>): void;
  /** Fraction of the stage, 0 to 1. */
  onProgress?(stage: Stage, fraction: number): void;
  isCancelled?(): boolean;
}
