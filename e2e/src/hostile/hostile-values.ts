import type { SeededChoice } from '../faults/seeded-choice.js';

/** Texts that have gone wrong somewhere: paths, statements, markup, terminals, formulas, halves of characters. */
const TEXTS: readonly string[] = [
  ...['', ' ', '\0', 'a\0b', '\n', '\r\n', '\t', '"', "'", '\\', '`', '%s%n%x', '{pair}', '*', '?', '[a-z]'],
  ...[
    '../../../../etc/passwd',
    '..\\..\\boot.ini',
    '/etc/passwd',
    '/dev/zero',
    'file:///etc/passwd',
    'C:\\x',
    '.',
    '..',
  ],
  ...[
    "' OR 1=1 --",
    "'; DROP TABLE runs; --",
    "\"; ATTACH 'x' AS y; --",
    "read_csv('/etc/passwd')",
    '$$',
    '--',
    '/*',
  ],
  ...['<script>alert(1)</script>', '&lt;', '=1+1', '+1', '-1', '@x', '=HYPERLINK("x")'],
  ...[
    '\u001b[2J\u001b]0;x\u0007',
    '\u202eabc',
    '\ufeff',
    '\u2028',
    '\u0085',
    'e\u0301',
    '\ud83d',
    '\udc00x',
    '😀'.repeat(40),
  ],
  ...[
    'null',
    'undefined',
    'true',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'length',
    'then',
  ],
  ...['NaN', 'Infinity', '-0', '1e309', '0x10', '1_000', '٣', '１５'],
  ...['eurusd', 'EURUSD', 'eurusd\n', ' eurusd', 'usdjpy', 'gbpusd', 'shared', 'eurusdeurusd', 'еurusd'],
  ...[
    '2020-01-01',
    '2020-13-45',
    '9999-12-31T23:59:59Z',
    '0000-01-01',
    '+275760-09-13',
    '2020-02-30T25:61:61+99:99',
  ],
  ...[
    'quick',
    'mandated',
    'standard',
    'select.maxFalse',
    'a'.repeat(128),
    'a'.repeat(129),
    'b'.repeat(5_000),
  ],
  ...[
    'f'.repeat(64),
    '0'.repeat(64),
    'abcdef01',
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    '00-x-y-z',
  ],
  ...[
    'state = COMPLETED',
    'state = ',
    'name : "x" AND',
    'create_time >= "yesterday"',
    `${'('.repeat(200)}`,
    `${'*a'.repeat(90)}b`,
  ],
];

const NUMBERS: readonly number[] = [
  ...[0, -0, 1, 2, 3, 15, 45, 100, 500, 501, 3_000, 65_536],
  ...[2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e308, -1e308, 5e-324, 0.1, -1],
];

const BIGINTS: readonly bigint[] = [
  0n,
  1n,
  2n,
  1_000n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n,
  2n ** 53n + 1n,
  2n ** 63n,
  2n ** 64n - 1n,
];

/** @param known ids that exist, which are more dangerous than any that is made up */
export function hostileText(choice: SeededChoice, known: readonly string[]): string {
  const ids = known.length > 0 && choice.next() < 0.2;
  if (!ids) return choice.of(TEXTS);
  const id = choice.of(known);
  return choice.of([id, id.slice(0, 8), `${id}/../x`, `../${id}`, id.toUpperCase(), `${id}\0`, id + id]);
}

export function hostileNumber(choice: SeededChoice): number {
  return choice.of(NUMBERS);
}

export function hostileBigint(choice: SeededChoice): bigint {
  return choice.of(BIGINTS);
}

export function randomBytes(choice: SeededChoice, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => choice.between(0, 255)));
}
