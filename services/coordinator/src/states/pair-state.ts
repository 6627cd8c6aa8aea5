import type { Transitions } from './transition.js';

/**
 * The life of a pair's dataset within a run:
 *
 * - PENDING: not asked for yet.
 * - FETCHING: the fetcher was asked; after a restart it is asked again (it answers from its cache).
 * - FETCHED: the dataset is published; ResumeRun asks for it again, which is free while it is cached.
 * - FAILED: it could not be had; ResumeRun tries again.
 */
export type PairState = 'PENDING' | 'FETCHING' | 'FETCHED' | 'FAILED';

export const PAIR_TRANSITIONS: Transitions<PairState> = {
  PENDING: ['FETCHING'],
  FETCHING: ['FETCHED', 'FAILED', 'PENDING'],
  FETCHED: ['PENDING'],
  FAILED: ['PENDING'],
};
