import { canonicalJson } from '@onescan/contract/canonical-json.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import type { DatasetColumn, DatasetMeta } from '@onescan/dataset/dataset.js';
import { type LearnConfig, resolveLearnConfig } from '@onescan/learn/config/learn-config.js';
import { PairLearner } from '@onescan/learn/learner/pair-learner.js';
import { admit } from '../memory/admit.js';
import type { ComputeRequest } from './compute-protocol.js';
import { loadPair } from './load-pair.js';
import type { LoadedPair } from './loaded-pair.js';
import { locateDataset } from './locate-dataset.js';
import { pairKey } from './pair-key.js';

export interface PairMemoryHooks {
  isCancelled(): boolean;
  onLoad(event: 'start' | 'end', facts?: Record<string, number | string>): void;
  onProgress(fraction: number): void;
}

export interface HeldPair {
  pair: LoadedPair;
  learner: PairLearner;
  /** False when this call loaded it. */
  wasLoaded: boolean;
}

/**
 * The one dataset that a compute thread holds, with a learner for each configuration it was asked for.
 * Bins depend on a part of the configuration only, so learners of others share the matrix.
 */
export class PairMemory {
  #key = '';
  #pair: LoadedPair | undefined;
  readonly #learners = new Map<string, PairLearner>();
  #current = '';

  /** The pair and learner of a request, loading what is not there. */
  async hold(request: ComputeRequest, hooks: PairMemoryHooks): Promise<HeldPair> {
    const config = resolveLearnConfig(request.preset, request.overrides);
    const key = pairKey(request.dataset.datasetId, request.preset, request.overrides);
    const held = key === this.#key ? this.#pair : undefined;
    const pair = held ?? (await this.#load(key, request, { config, hooks }));
    checkRequest(request, pair.meta);
    this.#current = canonicalJson(config);
    let learner = this.#learners.get(this.#current);
    if (!learner) {
      learner = createLearner(pair, config, request.threads);
      this.#learners.set(this.#current, learner);
    }
    return { pair, learner, wasLoaded: held !== undefined };
  }

  /** Drops the learners of other configurations than the last; returns how many. */
  shrink(): number {
    let dropped = 0;
    for (const [key, learner] of this.#learners) {
      if (key === this.#current) continue;
      learner.release();
      this.#learners.delete(key);
      dropped++;
    }
    return dropped;
  }

  async #load(
    key: string,
    request: ComputeRequest,
    { config, hooks }: { config: LearnConfig; hooks: PairMemoryHooks },
  ): Promise<LoadedPair> {
    for (const learner of this.#learners.values()) learner.release();
    this.#learners.clear();
    this.#pair?.matrix.release();
    this.#pair = undefined;
    this.#key = '';
    const { dataset } = request;
    const fits = (rows: number, columns: number): void => {
      admit({ rows, columns, config, threads: request.threads }, request.memoryLimitBytes);
    };
    fits(dataset.rows, dataset.columns);
    hooks.onLoad('start');
    const pair = await loadPair({
      path: await locateDataset(request, hooks.isCancelled),
      datasetId: dataset.datasetId,
      pair: request.pair,
      config,
      memoryLimitBytes: request.memoryLimitBytes,
      admit: (meta, columns) => {
        checkRequest(request, meta);
        fits(meta.rows, columns);
      },
      isCancelled: hooks.isCancelled,
      onProgress: hooks.onProgress,
    });
    hooks.onLoad('end', { rows: pair.meta.rows, columns: pair.included.length });
    this.#key = key;
    this.#pair = pair;
    return pair;
  }
}

/** @throws OnescanError when the dataset does not have what the task is about */
function checkRequest({ horizon, targetWindow }: ComputeRequest, meta: DatasetMeta): void {
  if (meta.targetWindow !== targetWindow) {
    throw new OnescanError(
      'FAILED_PRECONDITION',
      `dataset ${meta.datasetId} has targets of window ${meta.targetWindow}, the task asks for ${targetWindow}`,
    );
  }
  if (!meta.horizons.includes(horizon)) {
    throw new OnescanError(
      'FAILED_PRECONDITION',
      `dataset ${meta.datasetId} has no target of horizon ${horizon}, only ${meta.horizons.join(', ')}`,
      { remedy: 'Name the horizon in the run spec and fetch again' },
    );
  }
}

function createLearner(pair: LoadedPair, config: LearnConfig, threads: number): PairLearner {
  const { matrix, columns, included, time, bar, persistence, meta } = pair;
  return new PairLearner(
    {
      matrix,
      featureIds: included.map((column) => column.featureId),
      holdingTargets: columns.filter(holdsTarget).map((column) => column.featureId),
      nullShare: Float64Array.from(included, (column) => column.nullShare),
      contentHash: included.map((column) => column.contentSha256),
      time,
      bar,
      targetWindow: meta.targetWindow,
      persistence,
      targets: [...pair.targets.values()],
    },
    config,
    threads,
  );
}

/** Whether a column was excluded since its values are a target, or follow one that is later. */
function holdsTarget({ exclusion }: DatasetColumn): boolean {
  return exclusion?.code === 'same_as_target' || exclusion?.code === 'follows_later_target';
}
