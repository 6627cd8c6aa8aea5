// A process of its own: opens a dataset and reads all of it as a trainer does, then compares every cell.

import { openDataset } from '@onescan/dataset/open-dataset.js';
import { checkWideDataset } from '@onescan/e2e/testing/wide-warehouse/check-wide-dataset.js';
import { cpuSeconds, peakGigabytes } from '../learn/cpu-seconds.mjs';

const { path, shape } = JSON.parse(process.argv[2]);
const before = { cpu: cpuSeconds(), wall: performance.now() };
const dataset = await openDataset(path);
await dataset.readKeys();
for (const horizon of dataset.meta.horizons) await dataset.readTarget(horizon);
await dataset.readFeatures(() => undefined);
const read = {
  cpu: cpuSeconds() - before.cpu,
  wall: (performance.now() - before.wall) / 1000,
  peakMiB: (peakGigabytes() * 1e9) / 1024 ** 2,
};
const cells = await checkWideDataset(dataset, shape);
dataset.close();
process.send({ read, cells });
process.disconnect();
