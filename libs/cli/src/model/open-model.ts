import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { type Booster, LearnInputError, type LightGbmModel, readLightGbmText } from '@onescan/learn';
import { type ModelDocument, parseModelDocument } from './model-document.js';
import { MODEL_DOCUMENT } from './save-models.js';

/** A model to be applied to data: the models of a horizon, or one in LightGBM's text format. */
export interface OpenModel {
  /** Columns that the data must have, in the order of the boosters' first columns (products come after them), with how their values become numbers. */
  readonly features: readonly { readonly feature: string; readonly encoding: string }[];
  readonly boosters: ReadonlyMap<string, Booster>;
  /** How predictions come of the boosters' raw scores; null for a single text. */
  readonly document: ModelDocument | null;
}

/**
 * Reads what `onescan model` saved, or a model that LightGBM wrote.
 *
 * @param path a folder with model.json, or a text
 * @throws OnescanError NOT_FOUND; INVALID_ARGUMENT naming the file and what of it is malformed or not supported
 */
export async function openModel(path: string): Promise<OpenModel> {
  const found = await stat(path).catch(() => undefined);
  if (!found) throw new OnescanError('NOT_FOUND', `there is no model ${path}`);
  if (found.isDirectory()) return openFolder(path);
  const { booster, featureNames } = parseText(String(await readFile(path)), path);
  const features = featureNames.map((feature) => ({ feature, encoding: 'number' }));
  return { features, boosters: new Map([['model', booster]]), document: null };
}

async function openFolder(folder: string): Promise<OpenModel> {
  const path = join(folder, MODEL_DOCUMENT);
  const document = parseModelDocument(String(await readOrRefuse(path)), path);
  const boosters = new Map<string, Booster>();
  const columns = [...document.features, ...document.products].map(({ name }) => name);
  const last = document.features.length - 1;
  const stray = document.products.find(({ parts }) => parts.some(({ feature }) => feature > last));
  if (stray)
    throw new OnescanError('INVALID_ARGUMENT', `${path}: ${stray.name} is of no feature of the models`);
  for (const { name, file, sha256 } of document.models) {
    const text = await readOrRefuse(join(folder, file));
    if (createHash('sha256').update(text).digest('hex') !== sha256) {
      throw new OnescanError('INVALID_ARGUMENT', `${join(folder, file)} is not the file that ${path} names`, {
        remedy: 'Save the models again with `onescan model`, or apply the text alone',
      });
    }
    const { booster, featureNames } = parseText(String(text), join(folder, file));
    if (featureNames.join(' ') !== columns.join(' ')) {
      throw new OnescanError('INVALID_ARGUMENT', `${join(folder, file)} has other features than ${path}`);
    }
    boosters.set(name, booster);
  }
  for (const { models, weights } of [document.direction, document.value]) {
    const missing = models.find((name) => !boosters.has(name));
    if (missing !== undefined)
      throw new OnescanError('INVALID_ARGUMENT', `${path} names no file of ${missing}`);
    if (weights.length !== models.length) {
      throw new OnescanError(
        'INVALID_ARGUMENT',
        `${path}: ${weights.length} weights for ${models.length} models`,
      );
    }
  }
  return { features: document.features, boosters, document };
}

async function readOrRefuse(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new OnescanError('NOT_FOUND', `${path} cannot be read`, { cause });
  }
}

function parseText(text: string, path: string): LightGbmModel {
  try {
    return readLightGbmText(text);
  } catch (cause) {
    if (!(cause instanceof LearnInputError)) throw cause;
    throw new OnescanError('INVALID_ARGUMENT', `${path}: ${cause.message}`, { cause });
  }
}
