/**
 * All of ECharts in one file. Its modules are some six hundred, which Node opens all at once: more than a process may
 * have open where `ulimit -n` is low.
 */
declare module 'echarts/dist/echarts.esm.min.mjs' {
  export { init } from 'echarts/core';
}
