import { expect, it } from 'vitest';
import { flagHelp, flagTableDoc } from './flag-docs.js';
import { choice, FILE, LISTEN_ADDRESS, memory, PEER_ADDRESS, SWITCH, wholeNumber } from './flag-kinds.js';
import { type FlagTable, readFlags } from './flag-table.js';

const FLAGS = {
  peer: { kind: PEER_ADDRESS, required: true, doc: 'whom it calls ([security](security.md))' },
  maxItems: { kind: wholeNumber(1, 64), default: '2', doc: 'items in `hand`' },
  memoryBytes: { kind: memory(1024), flag: 'memory', default: '1KiB', doc: 'memory' },
  mode: { kind: choice('fast', 'slow'), unset: 'whichever fits', doc: 'how' },
  file: { kind: FILE, many: true, doc: 'a [file](files.md)' },
  quiet: { kind: SWITCH, doc: 'says nothing' },
  listen: { kind: LISTEN_ADDRESS, default: '127.0.0.1:0', doc: 'where' },
} as const satisfies FlagTable;

const read = (...args: string[]) => readFlags('thing', FLAGS, ['--peer', '127.0.0.1:1', ...args]);

it('reads values, defaults and flags of which there may be several', () => {
  expect(read()).toEqual({
    peer: '127.0.0.1:1',
    maxItems: 2,
    memoryBytes: 1024,
    file: [],
    listen: '127.0.0.1:0',
  });
  expect(
    read('--file', '/a', '--file', '/b', '--quiet', '--mode', 'slow', '--max-items', '64'),
  ).toMatchObject({
    file: ['/a', '/b'],
    quiet: true,
    mode: 'slow',
    maxItems: 64,
  });
});

it.each([
  [['--max-items', '65'], '--max-items "65" is not allowed. Give a whole number from 1 to 64'],
  [['--max-items', '0x2'], '--max-items "0x2" is not allowed'],
  [['--max-items', ''], '--max-items "" is not allowed'],
  [['--memory', '1000'], 'at least 1.00 KiB'],
  [['--mode', 'odd'], '--mode "odd" is not allowed. Give fast or slow'],
  [['--file', ' '], '--file " " is not allowed'],
  [['--listen', 'nowhere'], '--listen "nowhere" is not an address'],
  [['--peer', '127.0.0.1:0'], '--peer "127.0.0.1:0" is not allowed'],
  [['--colour'], 'Run onescan serve thing --help for the flags'],
  [['stray'], 'Run onescan serve thing --help for the flags'],
])('refuses %j', (args, text) => {
  expect(() => read(...args)).toThrow(expect.objectContaining({ text: expect.stringContaining(text) }));
});

it('says which flag is missing', () => {
  expect(() => readFlags('thing', FLAGS, [])).toThrow('--peer is missing');
});

it('documents every row as Markdown and as help', () => {
  expect(flagTableDoc(FLAGS).split('\n')).toEqual([
    '| flag | default | meaning |',
    '|---|---|---|',
    '| `--peer HOST:PORT` | required | whom it calls ([security](security.md)) |',
    '| `--max-items N` | 2 | items in `hand` |',
    '| `--memory SIZE` | 1KiB | memory |',
    '| `--mode fast\\|slow` | whichever fits | how |',
    '| `--file FILE` | none | a [file](files.md) |',
    '| `--quiet` | none | says nothing |',
    '| `--listen HOST:PORT` | 127.0.0.1:0 | where |',
  ]);
  expect(flagHelp(FLAGS).split('\n')).toEqual([
    '  --peer HOST:PORT          whom it calls (required)',
    '  --max-items N             items in hand (default: 2)',
    '  --memory SIZE             memory (default: 1KiB)',
    '  --mode fast|slow          how (default: whichever fits)',
    '  --file FILE               a file',
    '  --quiet                   says nothing',
    '  --listen HOST:PORT        where (default: 127.0.0.1:0)',
  ]);
});
