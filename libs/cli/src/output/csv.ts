/** One CSV record (RFC 4180) with its line break; undefined becomes an empty field. */
export function csvLine(fields: readonly (string | number | undefined)[]): string {
  return `${fields.map((field) => quote(field === undefined ? '' : String(field))).join(',')}\n`;
}

function quote(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
