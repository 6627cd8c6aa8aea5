import type { SeededChoice } from '../faults/seeded-choice.js';
import { hostileBigint, hostileNumber, hostileText, randomBytes } from './hostile-values.js';

/** More values than any list of a request may have. */
const TOO_MANY = 1_000;

/**
 * A message of the same shape with some of its fields, at any depth, replaced by values that their types allow and
 * their meaning does not. The fields are those of the example, so examples have all of them set.
 *
 * @param known ids that exist
 */
export function hostileMessage<T extends object>(
  message: T,
  choice: SeededChoice,
  known: readonly string[],
): T {
  const turned = new Map(Object.entries(message));
  const names = [...turned.keys()].filter((name) => name !== '$case');
  // Whichever depth it has, each field is as likely as any other.
  const weighted = names.flatMap((name) => Array.from({ length: leaves(turned.get(name)) }, () => name));
  if (weighted.length === 0) return message;
  for (let changes = choice.between(1, 3); changes > 0; changes--) {
    const name = choice.of(weighted);
    turned.set(name, hostileValue(turned.get(name), choice, known));
  }
  return Object.fromEntries(turned) as T;
}

function leaves(value: unknown): number {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 1;
  return Math.max(
    1,
    Object.values(value).reduce<number>((sum, inner) => sum + leaves(inner), 0),
  );
}

function hostileValue(value: unknown, choice: SeededChoice, known: readonly string[]): unknown {
  switch (typeof value) {
    case 'string':
      return hostileText(choice, known);
    case 'number':
      return hostileNumber(choice);
    case 'bigint':
      return hostileBigint(choice);
    case 'boolean':
      return !value;
    case 'object':
      return value === null ? value : hostileObject(value, choice, known);
    default:
      return value;
  }
}

function hostileObject(value: object, choice: SeededChoice, known: readonly string[]): unknown {
  if (value instanceof Uint8Array) return randomBytes(choice, choice.between(0, 200));
  if (Array.isArray(value)) return hostileList(value, choice, known);
  // A message or one case of a oneof may be left out; a map may not, but may be empty.
  if (isMap(value)) return hostileMap(value, choice, known);
  return choice.next() < 0.15 ? undefined : hostileMessage(value, choice, known);
}

function hostileList(
  list: readonly unknown[],
  choice: SeededChoice,
  known: readonly string[],
): readonly unknown[] {
  const kind = choice.next();
  if (kind < 0.2) return [];
  if (kind < 0.4) return [...list, ...list];
  if (kind < 0.45)
    return Array.from({ length: TOO_MANY }, () => list[0]).filter((item) => item !== undefined);
  return list.map((item) => (choice.next() < 0.5 ? hostileValue(item, choice, known) : item));
}

/** Names of fields are written as in TypeScript; the maps of Onescan's requests have keys with dots, or none of its fields. */
function isMap(value: object): boolean {
  const names = Object.keys(value);
  return names.length > 0 && names.every((name) => name.includes('.') || name.startsWith('label-'));
}

function hostileMap(map: object, choice: SeededChoice, known: readonly string[]): object {
  const entries = Object.entries(map).map(([key, value]) => [key, hostileValue(value, choice, known)]);
  // Not as a literal: a key may be __proto__.
  return Object.fromEntries([...entries, [hostileText(choice, known), hostileText(choice, known)]]);
}
