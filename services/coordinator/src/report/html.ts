import { shownText } from '@onescan/contract/format/shown-text.js';

/** Text that is HTML already. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Part = Html | string | number | bigint | readonly Part[];

/**
 * Template tag that escapes everything put in, except what is {@link Html} already; characters that no page may hold, or
 * that hide or turn text, are written out.
 */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(strings.reduce((text, string, i) => text + render(parts[i - 1]!) + string));
}

/** A text that leads elsewhere, to an address of HTTP and nothing else; the text alone without one. */
export function linked(text: string, url: string): Html {
  return /^https?:\/\//.test(url) ? html`<a href="${url}" rel="noreferrer">${text}</a>` : html`${text}`;
}

/** A table; columns beginning with ">" are right-aligned figures. */
export function table(head: readonly string[], rows: readonly (readonly Part[])[]): Html {
  const figure = head.map((title) => (title.startsWith('>') ? ' class="figure"' : ''));
  const titles = head.map(
    (title, i) => html`<th scope="col"${new Html(figure[i]!)}>${title.replace(/^>/, '')}</th>`,
  );
  const body = rows.map(
    (row) => html`<tr>${row.map((cell, i) => html`<td${new Html(figure[i] ?? '')}>${cell}</td>`)}</tr>`,
  );
  return html`<div class="scroll" tabindex="0"><table><thead><tr>${titles}</tr></thead><tbody>${body}</tbody></table></div>`;
}

function render(part: Part): string {
  if (part instanceof Html) return part.text;
  if (Array.isArray(part)) return part.map(render).join('');
  return shownText(String(part))
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
