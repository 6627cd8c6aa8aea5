const COUNT = new Intl.NumberFormat('en-US');

/** "1 column", "1,234 columns"; `plural` for nouns that take more than an s. */
export function formatCount(count: number, noun: string, plural = `${noun}s`): string {
  return `${COUNT.format(count)} ${count === 1 ? noun : plural}`;
}
