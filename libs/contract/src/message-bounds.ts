import { quoted } from './format/sendable-text.js';
import { OnescanError } from './onescan-error.js';

/** Most of what one field of a message may hold. */
export interface FieldBound {
  /** Characters of a text, or of each text of a list or map. Default {@link DEFAULT_TEXT}. */
  readonly text?: number;
  /** Elements of a list, or entries of a map. Default {@link DEFAULT_ITEMS}. */
  readonly items?: number;
}

/**
 * By a field's path in its message, or the end of it ("universe.exclude", "exclude"); null for what is checked by
 * its own rules, within the bytes of the message.
 */
export type MessageBounds = Readonly<Record<string, FieldBound | null>>;

/** Ids, names, hashes, trace parents: none of Onescan's is longer. */
export const DEFAULT_TEXT = 128;
export const DEFAULT_ITEMS = 64;

/**
 * Checks every text, list and map of a decoded message against its bound, before anything is done with it. What
 * exceeds a bound ends the check, so its time is that of what lies within the bounds.
 *
 * @throws OnescanError INVALID_ARGUMENT naming the field, its bound and what came
 */
export function checkBounds(message: object, bounds: MessageBounds): void {
  checkMessage(message, '', bounds);
}

function checkMessage(message: object, path: string, bounds: MessageBounds): void {
  for (const [field, value] of Object.entries(message)) {
    // What a oneof holds goes by the name of its case.
    const name = field === 'value' && '$case' in message ? String(message.$case) : field;
    const inner = path === '' ? name : `${path}.${name}`;
    if (typeof value === 'string' || (typeof value === 'object' && value !== null)) {
      checkField(value, inner, bounds);
    }
  }
}

function checkField(value: string | object, path: string, bounds: MessageBounds): void {
  const bound = boundOf(path, bounds);
  if (bound === null || ArrayBuffer.isView(value)) return;
  if (typeof value === 'string') checkText(value, path, bound?.text);
  // A field that has a bound and is no list is a map.
  else if (Array.isArray(value) || bound) checkItems(value, path, bounds, bound);
  else checkMessage(value, path, bounds);
}

function checkItems(value: object, path: string, bounds: MessageBounds, bound?: FieldBound): void {
  const items: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  const most = bound?.items ?? DEFAULT_ITEMS;
  if (items.length > most) {
    throw outOfBounds(path, `${items.length} values are not allowed`, `at most ${most} values`);
  }
  if (!Array.isArray(value)) for (const name of Object.keys(value)) checkText(name, path, DEFAULT_TEXT);
  for (const item of items) {
    if (typeof item === 'string') checkText(item, path, bound?.text);
    else if (typeof item === 'object' && item !== null) checkMessage(item, path, bounds);
  }
}

function checkText(text: string, path: string, most = DEFAULT_TEXT): void {
  if (text.length <= most) return;
  throw outOfBounds(
    path,
    `a text of ${text.length} characters is not allowed: ${quoted(text, 32)}`,
    `at most ${most} characters`,
  );
}

function boundOf(path: string, bounds: MessageBounds): FieldBound | null | undefined {
  for (let from = 0; ; ) {
    const bound = bounds[path.slice(from)];
    if (bound !== undefined) return bound;
    const dot = path.indexOf('.', from);
    if (dot < 0) return undefined;
    from = dot + 1;
  }
}

function outOfBounds(field: string, what: string, allowed: string): OnescanError {
  return new OnescanError('INVALID_ARGUMENT', `${field}: ${what}`, {
    remedy: `Allowed: ${allowed}`,
    details: { field },
  });
}
