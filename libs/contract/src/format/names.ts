/** Names given before the rest are counted. */
const NAMED = 5;

/** "a", "a and b", "a, b and c", and beyond five: "a, b, c, d, e and 7 more". */
export function namesText(names: readonly string[]): string {
  if (names.length > NAMED) return `${names.slice(0, NAMED).join(', ')} and ${names.length - NAMED} more`;
  return [names.slice(0, -1).join(', '), names.at(-1) ?? ''].filter((part) => part !== '').join(' and ');
}
