import { existsSync } from 'node:fs';
import type { PlanNote } from '@onescan/contract/generated/onescan/v1/plan.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { planNote } from '@onescan/contract/reasons/plan-note.js';
import { type DatasetCache, fileState } from '../cache/dataset-cache.js';
import type { DatasetIdentity } from '../planning/dataset-identity.js';
import { type HeldDataset, readHeldDataset } from './held-dataset.js';
import { type Shortfall, shortfalls } from './shortfalls.js';

/** A dataset that lacks more than so much is another one, and says nothing to who asks. */
const FEW_SHORTFALLS = 2;
const ID_DIGITS = 12;

/** A dataset that holds all of another; absent when none does, with notes that say why. */
export interface Covering {
  readonly held?: HeldDataset;
  readonly notes: readonly PlanNote[];
}

interface Read {
  readonly state: string;
  readonly held?: HeldDataset | undefined;
  /** Why it cannot be used. */
  readonly damage?: string;
}

/** The datasets of a cache as sources of smaller ones. What a file holds is read once for each state of it. */
export class CoveringDatasets {
  readonly #read = new Map<string, Promise<Read>>();

  constructor(private readonly cache: DatasetCache) {}

  /** The whole dataset of fewest values that holds all of another one. Damaged files are passed over, with a note. */
  async find(wanted: DatasetIdentity): Promise<Covering> {
    const reads = await this.#bySize(wanted.pair);
    const notes = reads.flatMap(({ damage }) => (damage === undefined ? [] : [damageNote(damage)]));
    let nearest: { held: HeldDataset; lacks: readonly Shortfall[] } | undefined;
    for (const { held } of reads) {
      if (!held) continue;
      const lacks = shortfalls(held, wanted);
      if (lacks.length > 0) {
        if (lacks.length < (nearest?.lacks.length ?? FEW_SHORTFALLS + 1)) nearest = { held, lacks };
        continue;
      }
      const damage = await this.damageOf(held);
      if (damage === undefined) return { held, notes };
      notes.push(damageNote(damage));
    }
    if (nearest && nearest.lacks[0]?.field !== 'warehouse') notes.push(notUsedNote(nearest));
    return { notes };
  }

  /** The datasets of a pair of which others can be made, a preferred one first, then smallest first. */
  async list(pair: string, preferredId = ''): Promise<HeldDataset[]> {
    const all = (await this.#bySize(pair)).flatMap(({ held }) => (held ? [held] : []));
    const isPreferred = ({ datasetId }: HeldDataset): boolean => datasetId === preferredId;
    return [...all.filter(isPreferred), ...all.filter((held) => !isPreferred(held))];
  }

  async #bySize(pair: string): Promise<Read[]> {
    for (const path of this.#read.keys()) if (!existsSync(path)) this.#read.delete(path);
    const reads: Read[] = [];
    for (const path of this.cache.pathsOf(pair)) reads.push(await this.#readOnce(path));
    const size = ({ held }: Read): number =>
      held ? held.rows * (1 + held.columns.size) : Number.POSITIVE_INFINITY;
    const id = ({ held }: Read): string => held?.datasetId ?? '';
    return reads.sort((a, b) => (size(a) < size(b) ? -1 : size(a) > size(b) ? 1 : id(a) < id(b) ? -1 : 1));
  }

  async #readOnce(path: string): Promise<Read> {
    const known = await this.#read.get(path);
    let state: string;
    try {
      state = fileState(path);
    } catch {
      return { state: '' }; // evicted meanwhile
    }
    if (known?.state === state) return known;
    const reading = readFile(path, state);
    this.#read.set(path, reading);
    return reading;
  }

  /** What is wrong with a file when all of it is read; undefined when it is whole. */
  async damageOf(
    { path }: HeldDataset,
    onProgress: (done: number, total: number) => void = () => undefined,
  ): Promise<string | undefined> {
    try {
      await this.cache.requireWhole(path, onProgress);
      return undefined;
    } catch (thrown) {
      const { message } = OnescanError.from(thrown);
      if (existsSync(path))
        this.#read.set(path, Promise.resolve({ state: fileState(path), damage: message }));
      return message;
    }
  }
}

function damageNote(damage: string): PlanNote {
  return planNote({ code: 'damaged_dataset', facts: { damage } }, 1);
}

async function readFile(path: string, state: string): Promise<Read> {
  try {
    return { state, held: await readHeldDataset(path) };
  } catch (thrown) {
    const error = OnescanError.from(thrown);
    // One of another format is whole, but of no use.
    return error.code === 'DATA_LOSS' ? { state, damage: error.message } : { state };
  }
}

function notUsedNote({ held, lacks }: { held: HeldDataset; lacks: readonly Shortfall[] }): PlanNote {
  const facts = { dataset: held.datasetId.slice(0, ID_DIGITS), lacks: lacks.map(({ text }) => text) };
  return planNote({ code: 'dataset_not_used', facts });
}

/** Says what a dataset lacks. */
export function shortfallText({ held, lacks }: { held: HeldDataset; lacks: readonly Shortfall[] }): string {
  const texts = lacks.map(({ text }) => text).join(' and ');
  return `dataset ${held.datasetId.slice(0, ID_DIGITS)} ${texts}`;
}
