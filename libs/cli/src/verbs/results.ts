import { shownLine } from '@onescan/contract/format/shown-text.js';
import type { GetResultsResponse } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { callServerStream } from '@onescan/process/grpc/client.js';
import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import { getRun } from '../connection/get-run.js';
import type { Act } from '../context.js';
import { exitCodeOfRun } from '../exit-code.js';
import { parsePositive } from '../options/parsers.js';
import { writeJsonLine } from '../output/write-json.js';
import { evidenceLines } from '../view/run-summary.js';
import { verdictTable } from '../view/verdict-table.js';

interface Options {
  pair?: string;
  horizon?: number;
}

/**
 * `onescan results`: the verdict table; with --json the result documents themselves, a line each. Exits as
 * the run did, so that a partial run is never taken for a whole one.
 */
export function addResultsVerb(program: Command, act: Act): void {
  program
    .command('results <run>')
    .description('the results of a run; with --json the whole documents (docs/results.md), a line each')
    .option('--pair <pair>', 'only this pair')
    .option('--horizon <bars>', 'only this horizon', parsePositive)
    .action(
      act(async (invocation, options: Options, runId: string) =>
        withCoordinator(invocation, async (client) => {
          const { terminal, global } = invocation;
          const run = await getRun(client, runId);
          if (global.json) {
            for await (const result of callServerStream(client, client.getResults, { runId })) {
              if (matches(result, options)) await writeJsonLine(terminal, resultJson(result));
            }
          } else {
            const tasks = run.tasks.filter((task) => matches(task, options));
            await terminal.write(verdictTable({ tasks, evidence: run.evidence }));
            for (const line of evidenceLines(run)) terminal.note(line);
          }
          if (!global.json)
            for (const problem of run.problems) terminal.note(shownLine(`Problem: ${problem}`));
          return exitCodeOfRun(run);
        }),
      ),
    );
}

function matches(result: { pair: string; horizon: number }, options: Options): boolean {
  return (
    (options.pair === undefined || options.pair === result.pair) &&
    (options.horizon === undefined || options.horizon === result.horizon)
  );
}

function resultJson(result: GetResultsResponse): object {
  const { pair, horizon, document, documentSha256 } = result;
  return {
    pair,
    horizon,
    sha256: documentSha256,
    document: JSON.parse(document.toString('utf8')) as unknown,
  };
}
