import { figure, interval, percentFigure } from './figures.js';
import { type Html, table } from './html.js';
import type { ReportTask } from './report-data.js';

/** What all verdicts are, as a table. */
export function verdictTable(done: readonly ReportTask[]): Html {
  return table(
    ['pair', 'horizon', 'verdict', '>accuracy'],
    done.map(({ pair, horizon, summary }) => [
      pair,
      `h${horizon}`,
      summary.verdict,
      percentFigure(summary.accuracy),
    ]),
  );
}

/** What the most confident calls are right in, as a table. */
export function gatingTable({ document }: ReportTask): Html {
  return table(
    ['>coverage', '>calls', '>accuracy'],
    document.gating.coverages.map(({ coverage, calls, accuracy }) => [
      percentFigure(coverage),
      calls,
      interval(accuracy),
    ]),
  );
}

/** What is up by predicted probability, as a table. */
export function reliabilityTable({ document }: ReportTask): Html {
  return table(
    ['>predicted', '>share up', '>rows'],
    document.reliability.map(({ meanPredicted, observed, rows }) => [
      percentFigure(meanPredicted),
      interval(observed),
      rows,
    ]),
  );
}

/** What took how long by pair, as a table. */
export function stageTable(
  pairs: readonly { pair: string; seconds: Readonly<Record<string, number>> }[],
): Html {
  const stages = [...new Set(pairs.flatMap(({ seconds }) => Object.keys(seconds)))];
  return table(
    ['pair', ...stages.map((stage) => `>${stage}, s`)],
    pairs.map(({ pair, seconds }) => [pair, ...stages.map((stage) => figure(seconds[stage] ?? null, 1))]),
  );
}

/** What model and baselines are right in by horizon, as a table. */
export function accuracyTable(tasks: readonly ReportTask[]): Html {
  const names = [...new Set(tasks.flatMap((task) => task.document.baselines.map(({ name }) => name)))];
  return table(
    ['horizon', '>model', ...names.map((name) => `>${name.replaceAll('_', ' ')}`)],
    tasks.map(({ horizon, document }) => [
      `h${horizon}`,
      interval(document.final.direction.accuracy),
      ...names.map((name) => {
        const found = document.baselines.find((baseline) => baseline.name === name)?.accuracy;
        return found ? interval(found) : '–';
      }),
    ]),
  );
}
