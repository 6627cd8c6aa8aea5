import { buildTestWarehouse } from './warehouse.js';

/** Vitest runs this once before all files. */
export default async function setup(): Promise<void> {
  await buildTestWarehouse();
}
