import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root folder of the checkout. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const PROJECT_PARENTS = ['libs', 'services'];
const TOP_LEVEL_PROJECTS = ['e2e', 'bench', 'scripts'];

/** All Nx projects of the checkout: name, folder relative to the root, and targets by name. */
export function listProjects(root = ROOT) {
  const nested = PROJECT_PARENTS.flatMap((parent) =>
    readdirSync(join(root, parent)).map((name) => `${parent}/${name}`),
  );
  return [...nested, ...TOP_LEVEL_PROJECTS]
    .filter((folder) => existsSync(join(root, folder, 'project.json')))
    .map((folder) => {
      const project = JSON.parse(readFileSync(join(root, folder, 'project.json'), 'utf8'));
      return { name: project.name, folder, targets: project.targets ?? {} };
    });
}
