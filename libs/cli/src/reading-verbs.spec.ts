import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { runCli } from './run-cli.js';
import { useCli } from './testing/use-cli.js';

const cli = useCli();
const { start, terminal } = cli;

function lines(text: string): unknown[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
}

describe('the verbs that read', () => {
  beforeEach(() => start());

  it('ledger --csv writes every row, quoted where needed', async () => {
    const fake = terminal();
    expect(await runCli(['ledger', 'r-1', '--csv'], fake)).toBe(0);
    const [title, first, second] = fake.data().split('\n');
    expect(title).toBe(
      'run_id,pair,horizon,feature_id,group,status,stage,reason,selection_frequency,importance,shap_mean_abs,rank,rows_explained,reason_code,facts,remark_code,remark_facts',
    );
    expect(first).toMatch(
      /^r-1,eurusd,15,agg_eurusd.mean_45,pair,RETAINED,model,"[^"]+, [^"]+",0.9,,,1,0,stable,/,
    );
    expect(first).toContain('"{""shares"":{""curvature"":0.5,""elastic-net"":0.9}}",,');
    expect(second).toContain('EXCLUDED,plan');
  });

  it('ledger --status filters', async () => {
    const fake = terminal();
    expect(await runCli(['ledger', 'r-1', '--status', 'retained', '--json'], fake)).toBe(0);
    expect(lines(fake.data())).toMatchObject([
      { featureId: 'agg_eurusd.mean_45', status: 'LEDGER_STATUS_RETAINED' },
    ]);
  });

  it('explain saves the SHAP values of a pair and horizon, and asks for both', async () => {
    const fake = terminal();
    expect(await runCli(['explain', 'r-1', '--pair', 'eurusd', '--horizon', '15'], fake)).toBe(0);
    const path = join(cli.folder, 'onescan-shap-r-1-eurusd-h15.parquet');
    expect(fake.data()).toBe(`${path}\n`);
    expect(readFileSync(path, 'utf8')).toBe('PAR1 eurusd 15');
    expect(await runCli(['explain', 'r-1', '--pair', 'eurusd'], terminal())).toBe(2);
  });

  it('report saves the file whole', async () => {
    const fake = terminal();
    expect(await runCli(['report', 'r-1'], fake)).toBe(0);
    const path = join(cli.folder, 'onescan-report-r-1.html');
    expect(fake.data()).toBe(`${path}\n`);
    expect(readFileSync(path, 'utf8')).toBe('<html>report</html>');
  });

  it('results --json writes the documents, a line each', async () => {
    const fake = terminal();
    expect(await runCli(['results', 'r-1', '--pair', 'usdjpy', '--json'], fake)).toBe(3);
    expect(lines(fake.data())).toEqual([
      { pair: 'usdjpy', horizon: 15, sha256: 'ff', document: { auc: 0.5 } },
    ]);
  });

  it.each(
    [['ls'], ['show', 'r-1'], ['trainers'], ['cancel', 'r-1'], ['approve', 'r-1']].map((argv) => [argv]),
  )('%s answers with one JSON document', async (argv) => {
    const fake = terminal();
    expect(await runCli([...argv, '--json'], fake)).toBe(0);
    expect(typeof JSON.parse(fake.data())).toBe('object');
  });

  it('show --watch shows a run again until it ends, in place where that can be, and says what to do next', async () => {
    await cli.start();
    const fake = cli.terminal({ redraws: true, rows: 200 });
    const watching = runCli(['show', 'r-1', '--watch'], fake);
    await expect.poll(() => fake.drawn.join('')).toContain('Run r-1');
    expect(await runCli(['approve', 'r-1'], cli.terminal())).toBe(0);
    expect(await watching).toBe(0);
    expect(fake.data().match(/^Run r-1: completed/gm)).toHaveLength(1);
    const plain = cli.terminal();
    expect(await runCli(['show', 'r-1'], plain)).toBe(0);
    expect(fake.data()).toBe(plain.data());
    expect(plain.notes.join('\n')).toMatch(/^Next \(.*\): onescan (?:re)?run /m);
  });

  it('approve --watch does not ask again for what the history of the run holds', async () => {
    const fake = terminal({ answers: [] });
    expect(await runCli(['approve', 'r-1', '--watch'], fake)).toBe(0);
    expect(fake.questions).toEqual([]);
    expect(cli.coordinator?.approvals).toHaveLength(1);
  });
});
