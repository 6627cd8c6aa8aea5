import { formatBytes } from '@onescan/contract/format/bytes.js';
import { formatCount } from '@onescan/contract/format/count.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { resolveDatabaseFolder, resolveLocalPath } from '@onescan/process/local-path.js';
import { BAR_FORMATS, type BarFormatName } from '@onescan/warehouse/bars/bar-format.js';
import type { BarSource } from '@onescan/warehouse/bars/bar-source.js';
import type { BuildWarehouseOptions } from '@onescan/warehouse/build-warehouse.js';
import { DEMO_BARS } from '@onescan/warehouse/simulation/simulation-source.js';
import type { UniverseName } from '@onescan/warehouse/universe-shape.js';
import { type Command, Option } from 'commander';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';
import { parsePairList, parsePositive, parseSeed } from '../options/parsers.js';
import { writeJson } from '../output/write-json.js';
import { buildProgress } from '../view/build-progress.js';
import { missingGroupsText } from '../view/missing-groups.js';

interface Options {
  bars?: string;
  simulate?: boolean;
  simulatedBars?: number;
  seed?: bigint;
  barsFormat?: BarFormatName;
  timeFormat?: string;
  timeZone?: string;
  out: string;
  universe: UniverseName;
  pairs?: string[];
}

const UNIVERSES: readonly UniverseName[] = ['small', 'standard', 'full'];
const DEFAULT_SEED = 1n;

/** `onescan warehouse`: makes the embedded warehouse, and lakes of Parquet files of it. */
export function addWarehouseVerbs(program: Command, act: Act): void {
  const warehouse = program.command('warehouse').description('the embedded warehouse');
  addBuildVerb(warehouse, act);
  addExportVerb(warehouse, act);
}

/** `onescan warehouse build`: makes the embedded warehouse from a user's bars, or from a simulation. */
function addBuildVerb(warehouse: Command, act: Act): void {
  warehouse
    .command('build')
    .description('build feature and target tables from bars (time, open, high, low, close, volume)')
    .option('--bars <dir>', 'folder with one Parquet or CSV file a pair, e.g. eurusd.parquet')
    .addOption(
      new Option('--bars-format <name>', 'whose export the CSV files are (default: columns)').choices(
        Object.keys(BAR_FORMATS),
      ),
    )
    .option(
      '--time-format <format>',
      'how times are written: "%d.%m.%Y %H:%M:%S", epoch-ms (default: ISO or epoch)',
    )
    .option(
      '--time-zone <zone>',
      'of times without one: Europe/Athens, +02:00, America/New_York+7 (default: UTC)',
    )
    .option('--simulate', 'simulate the bars instead')
    .option('--simulated-bars <n>', `one-minute bars to simulate (default: ${DEMO_BARS})`, parsePositive)
    .option('--seed <n>', 'of the simulation (default: 1)', parseSeed)
    .requiredOption('--out <dir>', 'folder of the warehouse')
    .addOption(new Option('--universe <name>', 'how many tables').choices([...UNIVERSES]).default('standard'))
    .option('--pairs <list>', 'pairs to build (default: all 28)', parsePairList)
    .action(
      act(async ({ terminal, global }, options: Options) => {
        const progress = buildProgress(terminal);
        const build: BuildWarehouseOptions = {
          bars: barSource(options, terminal.cwd),
          out: resolveDatabaseFolder({ name: '--out', value: options.out, cwd: terminal.cwd }),
          universe: options.universe,
          ...(options.pairs === undefined ? {} : { pairs: options.pairs }),
          onProgress: progress.show,
          signal: terminal.interrupt,
        };
        // Loaded when asked for, as DuckDB is with it: other verbs start without.
        const { buildWarehouse } = await import('@onescan/warehouse/build-warehouse.js');
        const manifest = await buildWarehouse(build).finally(progress.close);
        if (global.json) await writeJson(terminal, manifest);
        else {
          const size = formatBytes(manifest.databaseBytes);
          await terminal.write(
            `${build.out}: ${manifest.pairs.length} pairs, ${manifest.universe}, ${size}\n`,
          );
          const missing = missingGroupsText(manifest.groups);
          if (missing) terminal.note(missing);
          terminal.note(`Start a stack on it: onescan up --warehouse ${options.out}`);
        }
        return EXIT.ok;
      }),
    );
}

/** `onescan warehouse export`: writes an embedded warehouse as a lake of Parquet files. */
function addExportVerb(warehouse: Command, act: Act): void {
  warehouse
    .command('export')
    .description('write the tables of an embedded warehouse as Parquet files')
    .requiredOption('--warehouse <dir>', 'folder of the embedded warehouse')
    .requiredOption('--lake <dir>', 'folder of the lake; must not exist yet, or be empty')
    .action(
      act(async ({ terminal, global }, options: { warehouse: string; lake: string }) => {
        const { exportLake } = await import('@onescan/warehouse/lake/export-lake.js');
        const progress = buildProgress(terminal);
        const path = (name: string, value: string) => ({ name, value, cwd: terminal.cwd });
        const out = resolveDatabaseFolder(path('--lake', options.lake));
        const exported = await exportLake({
          warehouse: resolveLocalPath(path('--warehouse', options.warehouse)),
          out,
          onProgress: ({ done, total }) => progress.show({ stage: 'table', done, total }),
          signal: terminal.interrupt,
        }).finally(progress.close);
        if (global.json) await writeJson(terminal, { lake: out, ...exported });
        else {
          const { tables, bytes, changedTypes } = exported;
          await terminal.write(`${out}: ${formatCount(tables, 'table')}, ${formatBytes(bytes)}\n`);
          for (const changed of changedTypes) terminal.note(`Parquet holds ${changed}`);
          terminal.note(`Start a stack on it: onescan up --warehouse lake:${options.lake}`);
        }
        return EXIT.ok;
      }),
    );
}

function barSource(options: Options, cwd: string): BarSource {
  if ((options.bars === undefined) === (options.simulate !== true)) {
    throw new OnescanError('INVALID_ARGUMENT', 'where do the bars come from?', {
      remedy: 'Give either --bars DIR or --simulate',
    });
  }
  const { barsFormat, timeFormat, timeZone } = options;
  if (options.bars !== undefined) {
    return {
      kind: 'folder',
      path: resolveLocalPath({ name: '--bars', value: options.bars, cwd }),
      reading: {
        ...(barsFormat === undefined ? {} : { format: barsFormat }),
        ...(timeFormat === undefined ? {} : { timeFormat }),
        ...(timeZone === undefined ? {} : { timeZone }),
      },
    };
  }
  if (barsFormat !== undefined || timeFormat !== undefined || timeZone !== undefined) {
    throw new OnescanError('INVALID_ARGUMENT', 'a simulation is not read from files', {
      remedy: '--bars-format, --time-format and --time-zone go with --bars',
    });
  }
  return {
    kind: 'simulation',
    seed: options.seed ?? DEFAULT_SEED,
    bars: options.simulatedBars ?? DEMO_BARS,
  };
}
