/** Placeholder until the result document is defined. */
export function resultDocument(pair: string, horizon: number): Record<string, unknown> {
  return { formatVersion: 1, pair, horizon };
}
