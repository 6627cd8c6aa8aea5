import { canonicalJson, sha256Hex } from '@onescan/contract/canonical-json.js';
import type { ResultDocument } from '@onescan/learn';

/** What is kept of the result documents of a run: enough to tell which document and field is another. */
export interface GoldenRun {
  /** Main figures of each document, by "pair h15"; for readers of differences. */
  readonly figures: Readonly<Record<string, Figures>>;
  /** By field, two levels deep, e.g. `shap.features`: the start of the SHA-256 of its value in each document. */
  readonly digests: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

interface Figures {
  readonly sha256: string;
  readonly verdict: string;
  readonly auc: number | null;
  readonly accuracy: number | null;
  readonly logLossGain: number | null;
  readonly retained: readonly string[];
}

/** Hexadecimal digits kept of a field's digest: one in four thousand million is another by chance and looks the same. */
const DIGITS = 8;

/** @param documents all of a run */
export function digestDocuments(documents: readonly ResultDocument[]): GoldenRun {
  const named = documents.map((document) => [nameOf(document), document] as const).sort(byName);
  return {
    figures: Object.fromEntries(named.map(([name, document]) => [name, figuresOf(document)])),
    digests: Object.fromEntries(named.map(([name, document]) => [name, digestsOf(document)])),
  };
}

/** What is another, a line a document with its fields; none when all is the same. */
export function differences(was: GoldenRun, now: GoldenRun): string[] {
  const names = [...new Set([...Object.keys(was.digests), ...Object.keys(now.digests)])].sort();
  return names.flatMap((name) => {
    const [before, after] = [was.digests[name], now.digests[name]];
    if (!before) return [`${name}: a document that was not there`];
    if (!after) return [`${name}: no document`];
    const fields = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    const changed = fields.filter((field) => before[field] !== after[field]).map(howChanged(before, after));
    if (changed.length === 0 && was.figures[name]!.sha256 === now.figures[name]!.sha256) return [];
    const shown = [was, now].map(({ figures }) => figureText(figures[name]!));
    const figures = shown[0] === shown[1] ? shown[0] : shown.join(' -> ');
    return [`${name} (${figures}): ${changed.join(', ')}`];
  });
}

const howChanged =
  (before: Readonly<Record<string, string>>, after: Readonly<Record<string, string>>) => (field: string) => {
    if (before[field] === undefined) return `${field} (new)`;
    return after[field] === undefined ? `${field} (gone)` : field;
  };

function nameOf({ pair, horizon }: ResultDocument): string {
  return `${pair} h${String(horizon).padStart(3, '0')}`;
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}

function figuresOf(document: ResultDocument): Figures {
  const { auc, accuracy } = document.final.direction;
  return {
    sha256: sha256Hex(canonicalJson(document)),
    verdict: document.verdict,
    auc: auc.value,
    accuracy: accuracy.value,
    logLossGain: document.skill.logLossGain.value,
    retained: document.shap?.features.map(({ feature }) => feature) ?? [],
  };
}

function figureText({ verdict, auc, accuracy, logLossGain, retained }: Figures): string {
  const [a, b, c] = [auc, accuracy, logLossGain].map((figure) => figure?.toFixed(4) ?? 'none');
  return `${verdict}, AUC ${a}, accuracy ${b}, gain ${c} nats, ${retained.length} features`;
}

function digestsOf(document: ResultDocument): Record<string, string> {
  const fields = Object.entries(document).flatMap(([key, value]): [string, unknown][] =>
    isObject(value)
      ? Object.entries(value).map(([inner, part]) => [`${key}.${inner}`, part])
      : [[key, value]],
  );
  return Object.fromEntries(
    fields.sort(byName).map(([field, value]) => [field, sha256Hex(canonicalJson(value)).slice(0, DIGITS)]),
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
