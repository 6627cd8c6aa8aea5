import type { SeededChoice } from '../faults/seeded-choice.js';
import { hostileText, randomBytes } from './hostile-values.js';

/** Wire types of protobuf; 6 and 7 do not exist. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;
/** A group's start: field 1, wire type 3. */
const OPEN_GROUP = 0x0b;

type Breaker = (bytes: Buffer, choice: SeededChoice) => Buffer;

const insert: (what: Breaker) => Breaker = (what) => (bytes, choice) => {
  const at = choice.between(0, bytes.length);
  return Buffer.concat([bytes.subarray(0, at), what(bytes, choice), bytes.subarray(at)]);
};
const append: (what: Breaker) => Breaker = (what) => (bytes, choice) =>
  Buffer.concat([bytes, what(bytes, choice)]);

/** Each breaks a message that was well formed, in its own way. */
const BREAKERS: readonly Breaker[] = [
  // Ends in mid-field.
  (bytes, choice) => bytes.subarray(0, choice.between(0, bytes.length)),
  flipBit,
  insert((_, choice) => randomBytes(choice, choice.between(1, 8))),
  // Everything once more: scalars are set again, lists are doubled, messages merged.
  append((bytes) => bytes),
  // A tag of any wire type, also of those that do not exist, in mid-message.
  insert((_, choice) => Buffer.from([(choice.between(0, 31) << 3) | choice.between(0, 7)])),
  // Field 0, which must not be.
  append(() => Buffer.from([0x00, 0x01])),
  // A varint of more than ten bytes, and one that never ends.
  append(() => Buffer.from([0x08, ...new Array<number>(12).fill(0xff), 0x01])),
  append((_, choice) => Buffer.alloc(choice.between(1, 40), 0xff)),
  // A length beyond the end, and one beyond 2^31.
  append(() => Buffer.from([0x0a, 0xff, 0xff, 0xff, 0x7f])),
  append(() => Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])),
  append(() => Buffer.alloc(2_000, OPEN_GROUP)),
  append((_, choice) => nested(choice.between(50, 400))),
  // Text that is no UTF-8.
  append((_, choice) =>
    field(choice.between(1, 12), Buffer.from([0x61, 0xff, 0xfe, 0xed, 0xa0, 0x80, 0xc0, 0xaf])),
  ),
];

/** One to three breaks of a well-formed message. */
export function brokenBytes(bytes: Buffer, choice: SeededChoice): Buffer {
  let broken = bytes;
  for (let breaks = choice.between(1, 3); breaks > 0; breaks--) broken = choice.of(BREAKERS)(broken, choice);
  return broken;
}

/** Fields of any number and wire type, some of them messages of such fields: reaches every branch of a decoder. */
export function anyFields(choice: SeededChoice, known: readonly string[], depth = 0): Buffer {
  const fields = Array.from({ length: choice.between(0, 8) }, () => {
    const number = choice.next() < 0.95 ? choice.between(1, 32) : choice.between(33, 5_000);
    const inner = (): Buffer =>
      depth < 4 && choice.next() < 0.5 ? anyFields(choice, known, depth + 1) : text(choice, known);
    switch (choice.of([VARINT, VARINT, LENGTH, LENGTH, LENGTH, FIXED64, FIXED32])) {
      case VARINT:
        return Buffer.concat([tag(number, VARINT), varint(BigInt(choice.between(0, 2 ** 31)))]);
      case FIXED64:
        return Buffer.concat([tag(number, FIXED64), randomBytes(choice, 8)]);
      case FIXED32:
        return Buffer.concat([tag(number, FIXED32), randomBytes(choice, 4)]);
      default:
        return field(number, inner());
    }
  });
  return Buffer.concat(fields);
}

function text(choice: SeededChoice, known: readonly string[]): Buffer {
  return choice.next() < 0.8
    ? Buffer.from(hostileText(choice, known))
    : randomBytes(choice, choice.between(0, 40));
}

function flipBit(bytes: Buffer, choice: SeededChoice): Buffer {
  if (bytes.length === 0) return bytes;
  const flipped = Buffer.from(bytes);
  const at = choice.between(0, bytes.length - 1);
  flipped[at] = flipped[at]! ^ (1 << choice.between(0, 7));
  return flipped;
}

/** Messages in messages, all in field 1. */
function nested(levels: number): Buffer {
  let inner: Buffer = Buffer.alloc(0);
  for (let level = 0; level < levels; level++) inner = field(1, inner);
  return inner;
}

function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([tag(number, LENGTH), varint(BigInt(content.length)), content]);
}

function tag(number: number, wireType: number): Buffer {
  return varint(BigInt(number * 8 + wireType));
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}
