/**
 * Exact path-dependent TreeSHAP by per-leaf tables (Lundberg et al. 2018; the tables follow the idea of
 * Fast TreeSHAP, Yang 2021). What a leaf contributes to a row depends only on which of the k distinct
 * features of its path the row agrees with, so there are 2^k cases, tabulated once a tree.
 *
 * No function keeps state: scratch is passed by address and belongs to the calling thread.
 */
export { decideRows } from './shap/decide-rows';
export { fillLeafTable } from './shap/leaf-table';
export { addLeaves } from './shap/add-leaf';
