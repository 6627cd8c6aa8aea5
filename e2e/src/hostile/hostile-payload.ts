import type { SeededChoice } from '../faults/seeded-choice.js';
import { anyFields, brokenBytes } from './hostile-bytes.js';
import { hostileMessage } from './hostile-message.js';
import { randomBytes } from './hostile-values.js';

/** Shares of messages that are made in each way; the rest is well formed with hostile values. */
const SHARES = { wellFormed: 0.15, broken: 0.25, anyFields: 0.15, random: 0.05, large: 0.003 } as const;

/** Above what every method takes but those of trainers. */
const LARGE_BYTES = 2 << 20;

/** The encoder of a method's messages. */
export interface Encoder {
  requestSerialize(message: object): Buffer;
}

/**
 * One message made of an example: hostile in its values, its bytes, or not at all.
 *
 * @param ids that exist
 */
export function hostilePayload(
  encoder: Encoder,
  example: object,
  choice: SeededChoice,
  ids: readonly string[],
): Buffer {
  let left = choice.next();
  const is = (share: number): boolean => {
    left -= share;
    return left < 0;
  };
  if (is(SHARES.wellFormed)) return encoded(encoder, example);
  if (is(SHARES.broken)) return brokenBytes(encoded(encoder, example), choice);
  if (is(SHARES.anyFields)) return anyFields(choice, ids);
  if (is(SHARES.random)) return randomBytes(choice, choice.between(0, 300));
  if (is(SHARES.large)) return Buffer.alloc(LARGE_BYTES, 0x0b);
  const hostile = encoded(encoder, hostileMessage(example, choice, ids));
  return choice.next() < 0.1 ? brokenBytes(hostile, choice) : hostile;
}

/** The bytes of a message; of values that no encoder takes, whatever bytes are nearest. */
export function encoded(encoder: Encoder, message: object): Buffer {
  try {
    return encoder.requestSerialize(message);
  } catch {
    return Buffer.from(
      JSON.stringify(message, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
    );
  }
}
