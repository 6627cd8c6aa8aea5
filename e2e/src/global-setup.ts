import { buildTestWarehouse } from './warehouse.js';

/** Vitest runs this once before all files. */
export default function setup(): void {
  buildTestWarehouse();
}
