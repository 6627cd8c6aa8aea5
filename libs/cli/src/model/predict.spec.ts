import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDuckDb } from '@onescan/dataset/duckdb/open-duckdb.js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../run-cli.js';
import { fakeTerminal } from '../testing/fake-terminal.js';
import { modelFile } from '../testing/sample-models.js';
import { saveModels } from './save-models.js';

let folder: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-predict-'));
  await saveModels(chunks(), join(folder, 'm'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function* chunks(): AsyncGenerator<Buffer> {
  yield* modelFile('eurusd', 15);
}

async function predict(model: string, data: string, out = 'out.csv') {
  const fake = fakeTerminal({ cwd: folder, env: {} });
  const code = await runCli(['predict', model, '--data', data, '--out', out], fake);
  return { code, notes: fake.notes.join('\n') };
}

function csv(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

async function parquet(name: string, sql: string): Promise<string> {
  const connection = await (await openDuckDb(':memory:')).connect();
  await connection.run(`COPY (${sql}) TO '${join(folder, name)}' (FORMAT parquet)`);
  connection.closeSync();
  return name;
}

function result(): Record<string, number>[] {
  const [head, ...lines] = readFileSync(join(folder, 'out.csv'), 'utf8').trimEnd().split('\n');
  const names = head!.split(',');
  return lines.map((line) =>
    Object.fromEntries(line.split(',').map((field, k) => [names[k]!, Number(field)])),
  );
}

/** By the models of the sample: base 0.5, intercept 0.25, weights 0.5 and 0.25, slope 2, intercept -0.5. */
function expected(raw: number) {
  const logOdds = 0.25 + 0.5 + 0.75 * raw;
  return { log_odds: logOdds, probability: 1 / (1 + Math.exp(-(2 * logOdds - 0.5))), value: raw };
}

const ROWS = 'a.b c,mkt.flow,other\nhigh,-1,x\nlow,2,y\n,,z\n,-inf,z\nhigh,nan,\n1, 0 ,\n';
const RAW = [-1, 1, 1, 1, 1, -1];

function expectRows(raw: readonly number[]): void {
  const rows = result();
  expect(rows.map(({ row }) => row)).toEqual(raw.map((_, row) => row));
  rows.forEach(({ row: _, ...found }, k) => {
    for (const [name, value] of Object.entries(expected(raw[k]!))) expect(found[name]).toBeCloseTo(value, 12);
  });
}

describe('the models of a horizon', () => {
  it('give log-odds, probability and value by row; columns are found by name, infinities are missing', async () => {
    expect(await predict('m', csv('data.csv', ROWS))).toMatchObject({ code: 0 });
    expectRows(RAW);
  });

  it.each([
    [
      'numbers of every kind',
      'SELECT (i - 1)::TINYINT AS "mkt.flow", \'low\' AS "a.b c" FROM range(3) t(i)',
      [-1, -1, 1],
    ],
    ['decimals', 'SELECT (i - 0.5)::DECIMAL(9, 2) AS "mkt.flow", 0 AS "a.b c" FROM range(2) t(i)', [-1, 1]],
    ['booleans', 'SELECT i > 0 AS "mkt.flow", NULL::VARCHAR AS "a.b c" FROM range(2) t(i)', [-1, 1]],
    ['no rows', 'SELECT 1 AS "mkt.flow", 0 AS "a.b c" WHERE false', []],
  ])('take Parquet with %s, and a name that looks like a pattern', async (_what, sql, raw) => {
    expect(await predict('m', await parquet('da[ta]*.parquet', sql))).toMatchObject({ code: 0 });
    expectRows(raw);
  });

  it('write Parquet whose times are those of the data', async () => {
    const sql = `SELECT 1.5 AS "mkt.flow", 'low' AS "a.b c", TIMESTAMP '2026-01-02 03:04:05' AS interval_time`;
    expect(await predict('m', await parquet('data.parquet', sql), 'out.parquet')).toMatchObject({ code: 0 });
    const connection = await (await openDuckDb(':memory:')).connect();
    const found = await connection.runAndReadAll(`SELECT * FROM '${join(folder, 'out.parquet')}'`);
    const [row] = found.getRowObjectsJson();
    expect(row).toMatchObject({ row: 0, interval_time: '2026-01-02 03:04:05', ...expected(1) });
    connection.closeSync();
  });

  it.each([
    ['columns that are missing', 'x\n1\n', 'lacks 2 of the 2 columns that the model needs: mkt.flow, a.b c'],
    [
      'a text where a number belongs',
      'a.b c,mkt.flow\nhigh,much\n',
      'column mkt.flow holds "much", which is no number',
    ],
    [
      'a text that is not known',
      'a.b c,mkt.flow\nmiddle,1\n',
      'holds "middle", which is none of the texts that the model knows',
    ],
  ])('name %s', async (_what, text, message) => {
    const { code, notes } = await predict('m', csv('data.csv', text));
    expect(code).toBe(2);
    expect(notes).toContain(message);
  });

  it('that start from what overlaps ask for it, by row in order of time', async () => {
    const path = join(folder, 'm', 'model.json');
    const document = JSON.parse(readFileSync(path, 'utf8')) as Record<string, object>;
    const input = { source: 'known', relative: false, mean: 1, scale: 2, coefficient: 3 };
    const relative = { source: 'persistence', relative: true, mean: 0, scale: 1, coefficient: 10 };
    document.base = { name: 'overlap_logistic', targetWindow: 45, intercept: 0.5, inputs: [input, relative] };
    document.value = { ...document.value, addsKnownPart: true };
    writeFileSync(path, JSON.stringify(document));
    const rows = (bars: readonly number[]) =>
      `a.b c,mkt.flow,bar,persistence,known_h15\n${bars.map((bar, k) => `,-1,${bar},${k + 1},${k || ''}\n`).join('')}`;
    expect((await predict('m', csv('data.csv', ROWS))).notes).toContain('needs: bar, persistence, known_h15');
    expect((await predict('m', csv('data.csv', rows([5, 5])))).notes).toContain('bar is 5 in row 1');
    const { code, notes } = await predict('m', csv('data.csv', rows([5, 95])));
    expect(code).toBe(0);
    expect(notes).toContain('1 of 2 rows have no prediction');
    // The second row: known 1, persistence 2; the first one's square counts exp(-90 / 180).
    const scale = Math.sqrt((Math.exp(-0.5) + 4) / (Math.exp(-0.5) + 1));
    const base = 0.5 + 3 * 2 * (1 - 1) + (10 * 2) / scale;
    const { log_odds: found, value } = result()[1]!;
    expect(found).toBeCloseTo(0.25 + base - 0.75, 12);
    expect(value).toBe(-1 + 1);
  });

  it('are refused when a text is not the one that model.json names', async () => {
    writeFileSync(
      join(folder, 'm', 'ridge.txt'),
      readFileSync(join(folder, 'm', 'leaf.txt'), 'utf8').replace('=-1 1', '=-2 2'),
    );
    const { code, notes } = await predict('m', csv('data.csv', ROWS));
    expect(code).toBe(2);
    expect(notes).toContain('ridge.txt is not the file that');
  });
});

describe('a single text', () => {
  const copy = (change: (text: string) => string = (text) => text) =>
    writeFileSync(join(folder, 'own.txt'), change(readFileSync(join(folder, 'm', 'leaf.txt'), 'utf8')));

  it('gives its raw score and probability, and takes infinities as LightGBM does', async () => {
    copy();
    expect(await predict('own.txt', csv('data.csv', 'a.b%20c,mkt.flow\n1,-inf\n,5\n'))).toMatchObject({
      code: 0,
    });
    const [low, high] = result();
    expect(low).toEqual({ row: 0, raw_score: -1, probability: 1 / (1 + Math.E) });
    expect(high).toMatchObject({ row: 1, raw_score: 1 });
  });

  it.each([
    ['categorical splits', ['num_cat=0', 'num_cat=1'], 'categorical'],
    ['linear trees', ['is_linear=0', 'is_linear=1'], 'linear'],
    ['several classes', ['num_tree_per_iteration=1', 'num_tree_per_iteration=3'], '3 trees a round'],
    ['a way that leads round', ['left_child=-1', 'left_child=0'], 'a child 0 that does not fit'],
    ['no end', ['end of trees', ''], 'not a LightGBM text model'],
  ])('with %s is refused by name', async (_what, [from, to], message) => {
    copy((text) => text.replace(from!, to!));
    const { code, notes } = await predict('own.txt', csv('data.csv', ROWS));
    expect(code).toBe(2);
    expect(notes).toContain('own.txt');
    expect(notes).toContain(message);
  });
});

it('what cannot be read or written is named before any work', async () => {
  mkdirSync(join(folder, 'empty'));
  expect((await predict('nowhere', 'data.csv')).notes).toContain('there is no model');
  expect((await predict('empty', 'data.csv')).notes).toContain('model.json cannot be read');
  expect((await predict('m', 'nothing.csv')).notes).toContain('there is no file');
  expect((await predict('m', csv('data.txt', ROWS))).notes).toContain('neither .parquet nor .csv');
  expect((await predict('m', csv('data.csv', ROWS), 'out.xlsx')).notes).toContain(
    'neither .csv nor .parquet',
  );
  expect((await predict('m', csv('bad.parquet', ROWS))).notes).toContain('bad.parquet cannot be read');
});
