import { describe, expect, it } from 'vitest';
import { EXAMPLES, verbsOf } from './examples.js';
import { createProgram } from './program.js';

/** Words as a shell makes them of a line without what it redirects. */
function words(line: string): string[] {
  return [...line.replace(/ > .*$/, '').matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, plain]) => quoted ?? plain!,
  );
}

it('every verb has examples, and none is of another', async () => {
  const verbs = verbsOf(await createProgram(() => async () => undefined)).map(([path]) => path);
  expect(Object.keys(EXAMPLES).sort()).toEqual(verbs.sort());
});

describe.each(Object.entries(EXAMPLES))('%s', (path, examples) => {
  it.each(examples.map((example) => [example]))('%s', async (example) => {
    let called = '';
    const program = await createProgram(() => async (...parameters: unknown[]) => {
      called = verbsOf(program).find(([, verb]) => verb === parameters.at(-1))?.[0] ?? 'another';
    });
    const [name, ...args] = words(example);
    expect(name).toBe('onescan');
    for (const [, verb] of verbsOf(program))
      verb.exitOverride().configureOutput({ writeErr: () => undefined });
    await program.exitOverride().parseAsync(args, { from: 'user' });
    expect(called).toBe(path);
  });
});
