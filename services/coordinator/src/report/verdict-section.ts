import { readReason, reasonText } from '@onescan/contract/reasons/reason.js';
import { adjustedBy } from './adjusted-p.js';
import { chartOrNote } from './chart-or-note.js';
import { verdictTable } from './chart-tables.js';
import { verdictHeatMap } from './charts.js';
import { type Html, html } from './html.js';
import type { ReportData } from './report-data.js';

/** Verdict counts, and the map of all verdicts. */
export function verdictSection({ snapshot, done }: ReportData): Html {
  const { spec, evidence } = snapshot.run;
  const count = (verdict: string): number => done.filter(({ summary }) => summary.verdict === verdict).length;
  return html`<h2 id="verdicts">Verdicts</h2>
    <p>${count('SKILL')} of ${snapshot.tasks.size} pair-horizons show skill beyond what the overlap of target and
      known bars gives; ${count('SKILL_SUSPECT')} show it too, but rest on what honest features are not known to do, so
      that the future itself may be among them; ${count('NO_SKILL_BEYOND_OVERLAP')} show none, ${count('INCONCLUSIVE')} are inconclusive,
      ${snapshot.tasks.size - done.length} have no result. A cell's figure is the model's accuracy on the untouched
      last part of the period; it says nothing without the baselines below.</p>
    ${evidence ? html`<p><b>${reasonText(readReason(evidence.verdictReason, evidence.verdictText))}</b>. ${adjustedBy(evidence)}</p>` : ''}
    ${chartOrNote(
      'all verdicts',
      () => verdictHeatMap(spec.pairs, spec.horizons, done),
      () => verdictTable(done),
    )}`;
}
