import { describe, it } from 'vitest';
import { expectInterrupted } from '../testing/expect-interrupted.js';
import { hasPseudoTerminals } from '../testing/pseudo-terminal.js';

/** All verbs that wait for an answer. */
const VERBS = [
  ['ls'],
  ['show', 'r-1'],
  ['plan'],
  ['run'],
  ['rerun', 'r-1'],
  ['resume', 'r-1'],
  ['approve', 'r-1'],
  ['cancel', 'r-1'],
  ['watch', 'r-1'],
  ['ledger', 'r-1'],
  ['ledger', 'r-1', '--csv'],
  ['results', 'r-1'],
  ['report', 'r-1'],
  ['explain', 'r-1', '--pair', 'eurusd', '--horizon', '15'],
  ['model', 'r-1', '--pair', 'eurusd', '--horizon', '15'],
  ['trainers'],
  ['doctor'],
];

describe.skipIf(!hasPseudoTerminals())('on a real terminal', () => {
  it.each(VERBS.map((args) => [args.join(' '), args] as const))(
    'one Ctrl-C ends "%s" at once when no answer comes',
    (_, args) => expectInterrupted(args),
  );
});
