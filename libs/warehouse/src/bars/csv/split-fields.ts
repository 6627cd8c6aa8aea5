/**
 * The fields of a line (RFC 4180): a field in double quotes may hold the separator, and a quote written twice. Spaces
 * around a field do not count. Undefined when a quote is not closed on the line or stands within a field.
 */
export function splitFields(line: string, separator: string): string[] | undefined {
  if (!line.includes('"')) return line.split(separator).map((field) => field.trim());
  const fields: string[] = [];
  let rest = line;
  for (;;) {
    const [field, after] = takeField(rest, separator);
    if (field === undefined) return undefined;
    fields.push(field);
    if (after === undefined) return fields;
    rest = after;
  }
}

/** The first field, and what follows its separator; no field when its quotes are wrong. */
function takeField(text: string, separator: string): [string | undefined, string | undefined] {
  const quoted = /^ *"((?:[^"]|"")*)" */.exec(text);
  const end = quoted === null ? text.indexOf(separator) : quoted[0].length;
  const after = end < 0 || end === text.length ? undefined : text.slice(end + separator.length);
  if (quoted !== null) {
    const closed = after === undefined || text.startsWith(separator, end);
    return [closed ? quoted[1]!.replaceAll('""', '"').trim() : undefined, after];
  }
  const field = after === undefined && end < 0 ? text : text.slice(0, end);
  return [field.includes('"') ? undefined : field.trim(), after];
}
