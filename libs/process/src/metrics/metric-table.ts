/** One metric, as pages and dashboards know it. */
export interface MetricRow {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  /** Of UCUM: "s", "By", "1", or a thing in braces such as "{task}". */
  readonly unit: string;
  readonly doc: string;
  /** Its attributes, each with all values that it can have: there are no others, so that series stay few. */
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

/** Metrics by their OpenTelemetry names. */
export type MetricTable = Readonly<Record<string, MetricRow>>;

/** The name under which Prometheus has a metric. Names end with their units, so that no reader adds one. */
export function prometheusName(name: string, { kind }: MetricRow): string {
  return `${name.replaceAll('.', '_')}${kind === 'counter' ? '_total' : ''}`;
}

/** A table's metrics as a Markdown table; a page of docs/ holds it and a test compares the two. */
export function metricTableDoc(table: MetricTable): string {
  const rows = Object.entries(table).map(([name, row]) => {
    const attributes = Object.entries(row.attributes ?? {}).map(
      ([attribute, values]) => `\`${attribute}\`: ${values.join(', ')}`,
    );
    return `| \`${name}\` | \`${prometheusName(name, row)}\` | ${row.kind} | ${row.unit} | ${attributes.join('; ') || '-'} | ${row.doc} |`;
  });
  return [
    '| metric | in Prometheus | kind | unit | attributes | meaning |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}
