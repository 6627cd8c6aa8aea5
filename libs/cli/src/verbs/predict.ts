import { resolveLocalPath } from '@onescan/process/local-path.js';
import type { Command } from 'commander';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';
import { writeJson } from '../output/write-json.js';

interface Options {
  data: string;
  out: string;
}

/** `onescan predict`: applies what `onescan model` saved, or a model of LightGBM's, to data; no stack is needed. */
export function addPredictVerb(program: Command, act: Act): void {
  program
    .command('predict <model>')
    .description('apply saved models (a folder), or a LightGBM text, to data')
    .requiredOption(
      '--data <file>',
      '.parquet or .csv with the columns of the model, or the .duckdb of a dataset',
    )
    .requiredOption('--out <file>', '.csv or .parquet with the predictions by row')
    .action(
      act(async ({ terminal, global }, { data, out }: Options, model: string) => {
        // Loaded when asked for: DuckDB takes a quarter of the time in which any other verb starts.
        const { openModel } = await import('../model/open-model.js');
        const { predict } = await import('../model/predict.js');
        const { requireOutput, savePredictions } = await import('../model/save-predictions.js');
        const { cwd } = terminal;
        const output = resolveLocalPath({ name: '--out', value: out, cwd });
        requireOutput(output);
        const input = resolveLocalPath({ name: '--data', value: data, cwd });
        const opened = await openModel(resolveLocalPath({ name: 'the model', value: model, cwd }));
        const predictions = await predict(opened, input, terminal.interrupt);
        await savePredictions(output, predictions);
        const { rows, columns } = predictions;
        const missing = columns[0]!.values.filter(Number.isNaN).length;
        const names = columns.map(({ name }) => name);
        if (global.json) await writeJson(terminal, { path: output, rows, missing, columns: names });
        else await terminal.write(`${output}\n`);
        if (missing > 0)
          terminal.note(`${missing} of ${rows} rows have no prediction: what is known at t is missing`);
        return EXIT.ok;
      }),
    );
}
