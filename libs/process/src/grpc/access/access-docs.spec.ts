import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ACCESS } from './access-table.js';

it('docs/security.md has the same table', () => {
  const page = readFileSync(new URL('../../../../../docs/security.md', import.meta.url), 'utf8');
  const rows = [...ACCESS].map(
    ([path, roles]) =>
      `| \`${path.replace(/^\/(onescan\.v1|externalscaler)\./, '')}\` | ${roles.join(', ')} |`,
  );
  const health = '| `grpc.health.v1.Health` | anybody |';
  expect(page).toContain(`\n| Method | Roles |\n| --- | --- |\n${rows.join('\n')}\n${health}\n`);
});
