const MOST_CHARACTERS = 38;

/** The end of a feature's name, which tells it apart, in one line. */
export function shortName(name: string): string {
  const characters = [...name.replaceAll(/[\p{C}\p{Z}]+/gu, ' ')];
  if (characters.length <= MOST_CHARACTERS) return characters.join('');
  return `…${characters.slice(1 - MOST_CHARACTERS).join('')}`;
}
