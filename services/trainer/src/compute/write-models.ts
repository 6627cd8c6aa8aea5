import { open } from 'node:fs/promises';
import { canonicalJson, sha256Hex } from '@onescan/contract/canonical-json.js';
import type { ExportedModels } from '@onescan/learn';
import { modelText, productSteps, textName } from '@onescan/learn/export/export-models.js';
import { MODELS_FORMAT_VERSION } from '@onescan/learn/export/model-description.js';
import type { ComputeRequest } from './compute-protocol.js';
import type { LoadedPair } from './loaded-pair.js';

/**
 * Writes the models of a horizon to one file (docs/models.md): a line of canonical JSON that says what they are and how
 * predictions come of them, then the texts of the models, one after the other. The same bytes for the same dataset and spec.
 */
export async function writeModels(
  path: string,
  request: ComputeRequest,
  pair: Pick<LoadedPair, 'meta' | 'included'>,
  { features, products, models, description }: ExportedModels,
): Promise<void> {
  const columns = features.map((position) => pair.included[position]!);
  const names = [...columns.map(({ featureId }) => featureId), ...products.map(({ name }) => name)].map(
    textName,
  );
  const isFloat32 = (column: number) => columns[column]?.stored === 'FLOAT';
  const texts = models.map(({ name, trees }) => ({
    name,
    text: Buffer.from(modelText(trees, names, isFloat32)),
  }));
  const header = {
    format: 'onescan.horizon-models',
    formatVersion: MODELS_FORMAT_VERSION,
    pair: request.pair,
    horizon: request.horizon,
    targetWindow: pair.meta.targetWindow,
    dataset: { id: pair.meta.datasetId, contentSha256: pair.meta.contentSha256 },
    spec: { preset: request.preset, overrides: request.overrides, seed: request.seed },
    features: columns.map(({ featureId, encoding }, column) => ({
      feature: featureId,
      name: names[column]!,
      encoding,
    })),
    products: products.map(({ parts }, k) => ({
      name: names[columns.length + k]!,
      parts: parts.map((part) => {
        const feature = features.indexOf(part.column);
        const { bounds, scores } = productSteps(part, isFloat32(feature));
        return { feature, bounds: Array.from(bounds), scores: Array.from(scores) };
      }),
    })),
    ...description,
    models: texts.map(({ name, text }) => ({
      name,
      file: `${name}.txt`,
      bytes: text.length,
      sha256: sha256Hex(text),
    })),
  };
  const file = await open(path, 'wx');
  try {
    await file.writeFile(`${canonicalJson(header)}\n`);
    for (const { text } of texts) await file.writeFile(text);
  } finally {
    await file.close();
  }
}
