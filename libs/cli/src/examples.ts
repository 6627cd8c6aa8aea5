import type { Command } from 'commander';

/** What people type, by the path of a verb. Every one of them is read by the program in its spec. */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  demo: ['onescan demo', 'onescan demo --pairs eurusd --horizons 15,45'],
  up: [
    'onescan up --warehouse warehouses/m5 --detach',
    'onescan up --warehouse lake:lakes/m5 --trainers 4',
    'onescan up --warehouse bigquery:my-project --fetcher-flag location=EU',
  ],
  down: ['onescan down'],
  plan: ['onescan plan --pairs eurusd', 'onescan plan --spec scan.yaml --json'],
  run: [
    'onescan run --pairs eurusd,usdjpy --horizons 15,45 --preset quick',
    'onescan run --spec scan.yaml --budget 5 --yes',
    "onescan run --pairs eurusd --exclude 'mkt_*' --name first-look",
  ],
  approve: ['onescan approve 20261130-081500-3f2a9c1d --watch'],
  watch: ['onescan watch 20261130-081500-3f2a9c1d'],
  ls: [
    'onescan ls',
    'onescan ls --state PARTIAL --since 2026-11-01',
    `onescan ls --filter 'name : "first"' --json`,
  ],
  show: ['onescan show 20261130-081500-3f2a9c1d', 'onescan show 20261130-081500-3f2a9c1d --watch'],
  status: ['onescan status', 'onescan status --json'],
  rm: ['onescan rm 20261130-081500-3f2a9c1d'],
  cancel: [
    'onescan cancel 20261130-081500-3f2a9c1d',
    'onescan cancel 20261130-081500-3f2a9c1d --pair usdjpy',
  ],
  resume: ['onescan resume 20261130-081500-3f2a9c1d'],
  rerun: [
    'onescan rerun 20261130-081500-3f2a9c1d --preset standard',
    "onescan rerun 20261130-081500-3f2a9c1d --pairs eurusd --exclude 'mkt_flow.*'",
  ],
  report: [
    'onescan report 20261130-081500-3f2a9c1d',
    'onescan report 20261130-081500-3f2a9c1d --out - > report.html',
  ],
  trace: [
    'onescan trace 20261130-081500-3f2a9c1d',
    'onescan trace 20261130-081500-3f2a9c1d --out trace.json',
    'onescan trace 20261130-081500-3f2a9c1d --send http://localhost:4318',
  ],
  results: ['onescan results 20261130-081500-3f2a9c1d'],
  ledger: ['onescan ledger 20261130-081500-3f2a9c1d --csv > ledger.csv'],
  explain: ['onescan explain 20261130-081500-3f2a9c1d --pair eurusd --horizon 45'],
  model: ['onescan model 20261130-081500-3f2a9c1d --pair eurusd --horizon 45 --out model'],
  predict: ['onescan predict model --data bars.parquet --out predictions.csv'],
  trainers: ['onescan trainers'],
  logs: ['onescan logs', 'onescan logs coordinator -f', 'onescan logs trainer -n 20'],
  page: ['onescan page'],
  'cache ls': ['onescan cache ls'],
  'cache verify': ['onescan cache verify', 'onescan cache verify 3f2a9c1d'],
  'cache evict': ['onescan cache evict 3f2a9c1d'],
  backup: ['onescan backup'],
  restore: ['onescan restore', 'onescan restore --without-log'],
  'warehouse build': [
    'onescan warehouse build --bars bars --out warehouses/m5',
    'onescan warehouse build --simulate --out warehouses/simulated --universe small',
  ],
  'warehouse export': ['onescan warehouse export --warehouse warehouses/m5 --lake lakes/m5'],
  serve: ['onescan serve fetcher --warehouse warehouses/m5 --cache datasets'],
  health: ['onescan health --target 127.0.0.1:7400'],
  doctor: ['onescan doctor'],
  completion: ['onescan completion bash'],
};

/** Puts its examples below the help of every verb. */
export function addExamples(program: Command): void {
  for (const [path, verb] of verbsOf(program)) {
    const examples = EXAMPLES[path];
    if (!examples) continue;
    const title = examples.length === 1 ? 'Example' : 'Examples';
    verb.addHelpText('after', `\n${title}:\n${examples.map((example) => `  ${example}`).join('\n')}`);
  }
}

/** Verbs without verbs of their own, by their path, e.g. "cache ls". */
export function verbsOf(command: Command, above: readonly string[] = []): [string, Command][] {
  return command.commands
    .filter((verb) => verb.name() !== 'help')
    .flatMap((verb): [string, Command][] => {
      const path = [...above, verb.name()];
      return verb.commands.length > 0 ? verbsOf(verb, path) : [[path.join(' '), verb]];
    });
}
