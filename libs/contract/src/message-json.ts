/** A value of JSON. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

interface MessageType<T> {
  toJSON(message: T): unknown;
}

/**
 * A message as proto3 JSON (camelCase, enums by name, 64-bit integers as strings, timestamps in RFC 3339)
 * in which fields that hold their default are written too, so a script can rely on every field.
 */
export function messageJson<T>(type: MessageType<T>, message: T): Json {
  return complete(message, type.toJSON(message) as Json);
}

function complete(value: unknown, json: Json | undefined): Json {
  if (Array.isArray(value)) {
    return value.map((item, i) => complete(item, Array.isArray(json) ? json[i] : undefined));
  }
  if (value === null || value === undefined) return json ?? null;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object') return json ?? (value as boolean | number | string);
  // Timestamps and bytes: an object in memory, a string in JSON.
  if (typeof json === 'string') return json;
  return completeFields(value, typeof json === 'object' && !Array.isArray(json) ? (json ?? {}) : {});
}

function completeFields(message: object, json: { [key: string]: Json }): Json {
  const fields: { [key: string]: Json } = {};
  for (const [key, value] of Object.entries(message)) {
    if (value === undefined) continue;
    // ts-proto holds a oneof as {$case, value}; proto3 JSON writes it as the field itself.
    if (isOneof(value)) fields[value.$case] = complete(value.value, json[value.$case]);
    else fields[key] = complete(value, json[key]);
  }
  return fields;
}

function isOneof(value: unknown): value is { $case: string; value: unknown } {
  return typeof value === 'object' && value !== null && '$case' in value && 'value' in value;
}
