import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './workspace.mjs';

/** Pages whose commands users copy to install and to operate. */
const PAGES = ['docs/install.md', 'docs/containers.md', 'docs/kubernetes.md'];

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
      if (path) expect(existsSync(join(ROOT, path)), path).toBe(true);
    }
  });

  it('names only files of the repository that are there', () => {
    const named = text.match(/(?<![\w/.-])(docker|scripts|\.github|e2e|libs)\/[\w./-]*\w/g) ?? [];
    expect(named.length).toBeGreaterThan(1);
    for (const path of named) expect(existsSync(join(ROOT, path.replace(/\/secrets$/, ''))), path).toBe(true);
  });
});
