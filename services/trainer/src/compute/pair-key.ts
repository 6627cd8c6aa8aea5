import { canonicalJson } from '@onescan/contract/canonical-json.js';
import { resolveLearnConfig } from '@onescan/learn/config/learn-config.js';

/**
 * Identity of a pair's bins in memory: the dataset and the part of the configuration that bins depend on.
 * A thread holds one; another needs a new thread, so that the memory of the first is sure to be back.
 *
 * @throws RangeError when the configuration is not valid, naming the key
 */
export function pairKey(datasetId: string, preset: string, overrides: Record<string, string>): string {
  const { binning, protocol } = resolveLearnConfig(preset, overrides);
  return canonicalJson([datasetId, binning, protocol]);
}
