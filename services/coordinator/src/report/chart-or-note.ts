import { Html, html } from './html.js';

/** Coordinates that are no numbers, and texts that are nothing but the name of none. */
const BROKEN =
  /\s(?:d|points|transform|viewBox|x|y|x1|y1|x2|y2|cx|cy|r|width|height)="[^"]*(?:NaN|Infinity|undefined|null)|>\s*-?(?:NaN|Infinity|undefined|null)(?: %)?\s*</;

/**
 * A picture with its figures folded below it, or in its place a sentence and them: what cannot be drawn costs no more than itself.
 *
 * @param what the picture shows, as it stands in a sentence
 * @param draw may throw
 * @param figures the same as a table; may throw too
 */
export function chartOrNote(what: string, draw: () => Html | string, figures?: () => Html): Html {
  try {
    const drawn = draw();
    const picture = drawn instanceof Html ? drawn : new Html(drawn);
    if (!BROKEN.test(picture.text))
      return html`<figure tabindex="0">${picture}${figures ? figuresOf(what, figures) : ''}</figure>`;
  } catch {
    // The reader cannot act on what the drawing library says; the figures are what counts.
  }
  const note = html`<p class="undrawn">The picture of ${what} could not be drawn from these figures. They are in
    <code>results.json</code> beside this file.</p>`;
  return html`${note}${figures ? sectionOrNote(`the table of ${what}`, figures) : ''}`;
}

/** The figures of a picture, folded: for those who cannot see it, or want to copy them. */
function figuresOf(what: string, figures: () => Html): Html {
  return html`<details class="figures"><summary>Figures: ${what}</summary>${sectionOrNote(`the table of ${what}`, figures)}</details>`;
}

/** A part of the report, or in its place a sentence why it is not there. */
export function sectionOrNote(what: string, write: () => Html): Html {
  try {
    return write();
  } catch (thrown) {
    const reason = thrown instanceof Error && thrown.message !== '' ? thrown.message : 'unknown reason';
    return html`<p class="undrawn">Here ${what} is missing: it could not be written (${reason}).</p>`;
  }
}
