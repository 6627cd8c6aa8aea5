import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './workspace.mjs';

/** Pages whose commands users copy to install and to operate. */
const PAGES = ['docs/install.md', 'docs/containers.md', 'docs/kubernetes.md', 'docs/scaling.md'];

/** What a command does, in words that whoever runs it has to write: `docker compose stop` is "stop". */
function essence(command) {
  const words = command
    .split(/\s+/)
    .filter((word) => !/^(sudo|npx|node|sh|npm|run|docker|compose|--file|--rm)$/.test(word));
  const [first, second] = words.filter((word) => !/^docker\/compose.*yaml$/.test(word));
  return (first === 'onescan' ? second : first)?.replace(/^\.\/|-\d.*\.tgz$/g, '');
}

/** A file with all that it imports from beside it. */
function withImports(path) {
  const text = readFileSync(join(ROOT, path), 'utf8');
  const imported = [...text.matchAll(/from '(\.\.?\/[^']+\.mjs)'/g)].map(([, to]) => join(dirname(path), to));
  return [text, ...imported.map((each) => readFileSync(join(ROOT, each), 'utf8'))].join('\n');
}

describe.each(PAGES)('%s', (page) => {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const blocks = [...text.matchAll(/(?<before>[^\n]*)\n```\n(?<commands>[\s\S]*?)\n```/g)].map(
    ({ groups }) => groups,
  );

  it('says of every block of commands what runs it, or why nothing does', () => {
    expect(blocks.length).toBeGreaterThan(1);
    for (const { before, commands } of blocks) {
      expect(before, commands).toMatch(/^<!-- (run by \S+|not run: .{10,}) -->$/);
      const path = /run by (\S+) -->/.exec(before)?.[1];
      if (!path) continue;
      expect(existsSync(join(ROOT, path)), path).toBe(true);
      const runs = withImports(path);
      for (const command of commands.replaceAll('\\\n', ' ').split('\n'))
        expect(runs.includes(essence(command)), `${path} runs ${command}`).toBe(true);
    }
  });

  it('names only files of the repository that are there', () => {
    const named = text.match(/(?<![\w/.-])(docker|scripts|\.github|e2e|libs)\/[\w./-]*\w/g) ?? [];
    expect(named.length).toBeGreaterThan(1);
    for (const path of named) expect(existsSync(join(ROOT, path.replace(/\/secrets$/, ''))), path).toBe(true);
  });
});
