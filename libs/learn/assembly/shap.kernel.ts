/**
 * Exact TreeSHAP by tables (Lundberg et al. 2018; tables of leaves follow the idea of Fast TreeSHAP, Yang 2021).
 * What a leaf contributes to a row depends only on which of the k distinct features of its path the row agrees
 * with, so there are 2^k cases, tabulated once a tree. Leaves that share most of their path are tabulated
 * together: one look-up a feature then serves them all. Interventional values differ in the tables alone.
 * Trees too deep for tables have algorithms of their own.
 *
 * No function keeps state: scratch is passed by address and belongs to the calling thread.
 */

export { addLeafGroups, countCases } from './shap/add-leaf-groups';
export { decideRows, gatherBins } from './shap/decide-rows';
export { addDeepInterventional } from './shap/deep-interventional';
export { addDeepTree } from './shap/deep-tree';
export { fillInterventionalTable } from './shap/interventional-table';
export { fillLeafTable } from './shap/leaf-table';
export { mergeLeafTable } from './shap/merge-leaf-table';
