import { CONFIG_KEYS } from './learn-config-keys.js';

/** All settings as a Markdown table; docs/learning-settings.md holds it and a test compares the two. */
export function configTable(): string {
  const lines = Object.entries(CONFIG_KEYS).map(([key, { doc, min, max, choices, defaults }]) => {
    const range = choices ? choices.join(', ') : `${min} to ${max}`;
    return `| \`${key}\` | ${doc} | ${range} | ${defaults.quick} | ${defaults.standard} | ${defaults.mandated} |`;
  });
  return [
    '| key | meaning | range | quick | standard | mandated |',
    '|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}
