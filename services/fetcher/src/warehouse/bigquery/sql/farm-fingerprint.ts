const K0 = 0xc3a5c85c97cb3127n;
const K1 = 0xb492b66fbe98f273n;
const K2 = 0x9ae16a3b2f90404fn;
const MASK = (1n << 64n) - 1n;

type Words = [bigint, bigint];

/**
 * BigQuery's FARM_FINGERPRINT of a text: Fingerprint64 of the FarmHash library (farmhashna::Hash64,
 * github.com/google/farmhash) as a signed 64-bit integer.
 */
export function farmFingerprint(text: string): bigint {
  return BigInt.asIntN(64, fingerprint64(new TextEncoder().encode(text)));
}

function fingerprint64(bytes: Uint8Array): bigint {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length <= 16) return upTo16(data);
  if (bytes.length <= 32) return upTo32(data);
  return bytes.length <= 64 ? upTo64(data) : longer(data);
}

function upTo16(data: DataView): bigint {
  const length = data.byteLength;
  const size = BigInt(length);
  const mul = K2 + size * 2n;
  if (length >= 8) {
    const a = word(data, 0) + K2;
    const b = word(data, length - 8);
    const c = rotate(b, 37n) * mul + a;
    const d = (rotate(a, 25n) + b) * mul;
    return mix(c, d, mul);
  }
  if (length >= 4) {
    const a = BigInt(data.getUint32(0, true));
    return mix(size + (a << 3n), BigInt(data.getUint32(length - 4, true)), mul);
  }
  if (length === 0) return K2;
  const y = BigInt(data.getUint8(0) + (data.getUint8(length >> 1) << 8));
  const z = BigInt(length + (data.getUint8(length - 1) << 2));
  return (shiftMix(cut(y * K2) ^ cut(z * K0)) * K2) & MASK;
}

function upTo32(data: DataView): bigint {
  const length = data.byteLength;
  const mul = K2 + BigInt(length) * 2n;
  const a = word(data, 0) * K1;
  const b = word(data, 8);
  const c = word(data, length - 8) * mul;
  const d = word(data, length - 16) * K2;
  return mix(rotate(a + b, 43n) + rotate(c, 30n) + d, a + rotate(b + K2, 18n) + c, mul);
}

function upTo64(data: DataView): bigint {
  const length = data.byteLength;
  const mul = K2 + BigInt(length) * 2n;
  const a = word(data, 0) * K2;
  const b = word(data, 8);
  const c = word(data, length - 8) * mul;
  const d = word(data, length - 16) * K2;
  const y = rotate(a + b, 43n) + rotate(c, 30n) + d;
  const z = mix(y, a + rotate(b + K2, 18n) + c, mul);
  const e = word(data, 16) * mul;
  const f = word(data, 24);
  const g = (y + word(data, length - 32)) * mul;
  const h = (z + word(data, length - 24)) * mul;
  return mix(rotate(e + f, 43n) + rotate(g, 30n) + h, e + rotate(f + a, 18n) + g, mul);
}

interface State {
  x: bigint;
  y: bigint;
  z: bigint;
  v: Words;
  w: Words;
}

function longer(data: DataView): bigint {
  const seed = 81n;
  const y = cut(seed * K1 + 113n);
  const state: State = {
    x: cut(seed * K2 + word(data, 0)),
    y,
    z: cut(shiftMix(cut(y * K2 + 113n)) * K2),
    v: [0n, 0n],
    w: [0n, 0n],
  };
  const end = Math.floor((data.byteLength - 1) / 64) * 64;
  for (let at = 0; at < end; at += 64) block(state, data, at, { mul: K1, w: 1n, v: 1n });
  const mul = K1 + ((state.z & 0xffn) << 1n);
  state.w[0] += BigInt((data.byteLength - 1) & 63);
  state.v[0] += state.w[0];
  state.w[0] += state.v[0];
  block(state, data, data.byteLength - 64, { mul, w: 9n, v: 9n });
  const { x, z, v, w } = state;
  const first = mix(v[0], w[0], mul) + shiftMix(state.y) * K0 + z;
  return mix(first, mix(v[1], w[1], mul) + x, mul);
}

/** 64 bytes into the state; the last block takes another multiplier and weighs v and w more. */
function block(state: State, data: DataView, at: number, by: { mul: bigint; w: bigint; v: bigint }): void {
  const { v, w } = state;
  let x = cut(rotate(state.x + state.y + v[0] + word(data, at + 8), 37n) * by.mul);
  let y = cut(rotate(state.y + v[1] + word(data, at + 48), 42n) * by.mul);
  x ^= cut(w[1] * by.w);
  y = cut(y + v[0] * by.v + word(data, at + 40));
  const z = cut(rotate(state.z + w[0], 33n) * by.mul);
  state.v = weak(data, at, v[1] * by.mul, x + w[0]);
  state.w = weak(data, at + 32, z + w[1], y + word(data, at + 16));
  state.x = z;
  state.y = y;
  state.z = x;
}

function weak(data: DataView, at: number, first: bigint, second: bigint): Words {
  let a = cut(first + word(data, at));
  let b = rotate(second + a + word(data, at + 24), 21n);
  const c = a;
  a += word(data, at + 8) + word(data, at + 16);
  b += rotate(a, 44n);
  return [cut(a + word(data, at + 24)), cut(b + c)];
}

function mix(u: bigint, v: bigint, mul: bigint): bigint {
  const a = shiftMix(cut((cut(u) ^ cut(v)) * mul));
  const b = shiftMix(cut((cut(v) ^ a) * mul));
  return cut(b * mul);
}

function shiftMix(value: bigint): bigint {
  return cut(value) ^ (cut(value) >> 47n);
}

function rotate(value: bigint, shift: bigint): bigint {
  const bits = cut(value);
  return cut((bits >> shift) | (bits << (64n - shift)));
}

function word(data: DataView, at: number): bigint {
  return data.getBigUint64(at, true);
}

function cut(value: bigint): bigint {
  return value & MASK;
}
