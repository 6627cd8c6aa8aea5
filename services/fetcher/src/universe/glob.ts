/** True when `text` matches a glob: * stands for any characters, ? for one. Letters' case counts. */
export function matchesGlob(glob: string, text: string): boolean {
  return globsPattern([glob]).test(text);
}

/** What matches any of some globs. */
export function globsPattern(globs: readonly string[]): RegExp {
  const patterns = globs.map((glob) =>
    glob
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.'),
  );
  return new RegExp(`^(?:${patterns.join('|')})$`, 's');
}
