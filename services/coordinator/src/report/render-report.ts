import { createHash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { formatUsd } from '@onescan/contract/format/usd.js';
import { traceUrl } from '../runs/run-view.js';
import { sectionOrNote } from './chart-or-note.js';
import { costSection } from './cost-section.js';
import { decisionSection } from './decision-section.js';
import { familiesSection, featureMapSection } from './feature-maps.js';
import { Html, html, linked } from './html.js';
import type { ReportData } from './report-data.js';
import { REPORT_SCRIPT } from './report-script.js';
import {
  ledgerSection,
  pairSection,
  problemsSection,
  resourcesSection,
  roundedSection,
  selectionSection,
  taskSection,
} from './report-sections.js';
import { REPORT_STYLE } from './report-style.js';
import { funnelSection } from './selection-charts.js';
import { timelineSection } from './timeline-section.js';
import { verdictSection } from './verdict-section.js';

/** Nothing but our own style sheet and script is obeyed, nothing is loaded or sent, whatever a name in the page should hold. */
const POLICY = `default-src 'none'; style-src '${hashOf(REPORT_STYLE)}'; script-src '${hashOf(REPORT_SCRIPT)}'; img-src data:; base-uri 'none'; form-action 'none'`;

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** Results whose SHAP values are drawn, the surest first: a page of 200 results stays one that opens at once. */
const SHAP_DRAWN = 40;
/** Results beyond which each is drawn when it is unfolded: a page that draws 200 takes seconds to open. */
const UNFOLDED = 28;
/** Sampled rows that are drawn for a feature, over all of these. */
const SHAP_ROWS = 4_000;

/**
 * The report as one HTML file that loads nothing. Gives way to other work between pictures, so that a
 * large report does not hold up trainers.
 */
export async function renderReport(data: ReportData): Promise<string> {
  const { run } = data.snapshot;
  const parts: Html[] = [
    sectionOrNote('the heading', () => header(data)),
    sectionOrNote('what is missing from the run', () => problemsSection(data)),
    sectionOrNote('the decision', () => decisionSection(data)),
    sectionOrNote('the overview of verdicts', () => verdictSection(data)),
  ];
  await nextTurn();
  parts.push(
    sectionOrNote('the rounded numbers', () => roundedSection(data)),
    sectionOrNote('the cost', () => costSection(data)),
    sectionOrNote('the selection', () => selectionSection(data)),
    sectionOrNote('the families of features', () => familiesSection(data)),
    sectionOrNote('the ledger', () => ledgerSection(data)),
    sectionOrNote('where features were left behind', () => funnelSection(data)),
    sectionOrNote('time and memory', () => resourcesSection(data)),
    sectionOrNote('the timeline', () => timelineSection(data)),
  );
  const bySkill = [...data.done].sort((a, b) => b.summary.skillLow - a.summary.skillLow);
  const drawn = new Set(bySkill.slice(0, SHAP_DRAWN));
  const isLazy = data.done.length > UNFOLDED;
  const rowsEach = Math.floor(SHAP_ROWS / Math.max(1, drawn.size));
  for (const pair of run.spec.pairs) {
    const tasks = data.done.filter((task) => task.pair === pair);
    if (tasks.length === 0) continue;
    const map = data.maps.find((each) => each.pair === pair);
    const own: Html[] = [];
    own.push(
      sectionOrNote(`the overview of ${pair}`, () => pairSection(pair, tasks, run.evidence)),
      sectionOrNote(`the features of ${pair}`, () => featureMapSection(map, run.spec.horizons)),
    );
    for (const task of tasks) {
      await nextTurn();
      const curve = data.curves.find((each) => each.pair === pair && each.horizon === task.horizon);
      own.push(
        sectionOrNote(`the horizon ${task.horizon} of ${pair}`, () =>
          taskSection(task, { curve, shapRows: drawn.has(task) ? rowsEach : 0, isLazy }),
        ),
      );
    }
    parts.push(html`<section class="pair">${own}</section>`);
  }
  const [heading, ...sections] = parts;
  return `<!doctype html>\n${
    html`<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${POLICY}"><meta name="viewport" content="width=device-width">
<title>Onescan run ${run.runId}</title><style>${new Html(REPORT_STYLE)}</style></head>
<body><header>${heading!}</header>${contents(parts, run.spec.pairs)}<main>${sections}</main><script>${new Html(REPORT_SCRIPT)}</script></body></html>`
      .text
  }\n`;
}

/** Links to the sections that there are, pairs among them. */
function contents(parts: readonly Html[], pairs: readonly string[]): Html {
  const links = [...SECTIONS, ...pairs.map((pair) => [pair, pair.toUpperCase()] as const)].filter(([id]) =>
    parts.some(({ text }) => text.includes(` id="${id}"`)),
  );
  return html`<nav aria-label="Contents">${links.map(([id, title]) => html`<a href="#${id}">${title}</a> `)}</nav>`;
}

const SECTIONS = [
  ['decision', 'Decision'],
  ['verdicts', 'Verdicts'],
  ['cost', 'Cost'],
  ['selection', 'Selection'],
  ['families', 'Families'],
  ['ledger', 'Ledger'],
  ['resources', 'Time and memory'],
  ['timeline', 'Timeline'],
  ['attempts', 'Attempts'],
] as const;

function header({ snapshot, done, traces }: ReportData): Html {
  const { run, tasks, pairs } = snapshot;
  const usd = [...pairs.values()].reduce((sum, pair) => sum + pair.usd, 0);
  const columns = run.plan?.pairs.map((pair) => pair.columns) ?? [];
  const trace = traceUrl(traces, run);
  const facts: [string, string][] = [
    ['state', run.state],
    ['results', `${done.length} of ${tasks.size}`],
    ['pairs × horizons', `${run.spec.pairs.length} × ${run.spec.horizons.length}`],
    ['features a pair', columns.length > 0 ? range(columns) : '–'],
    ['billed', formatUsd(usd)],
    ['preset', run.spec.preset],
  ];
  return html`<h1>Onescan run <code>${run.runId}</code></h1>
    <p class="small">Started ${new Date(run.createdMs).toISOString()}${run.rerunOf ? `, a rerun of ${run.rerunOf}` : ''}.
      Plan <code>${run.plan?.planHash ?? ''}</code>, approved by ${run.approvedBy || 'nobody'}.
      Results <code>${run.resultsSha256}</code>.
      ${trace === '' ? html`Its trace, as a tree: <code>onescan trace ${run.runId}</code>.` : html`${linked('Its trace', trace)}, or as a tree: <code>onescan trace ${run.runId}</code>.`}</p>
    <ul class="facts">${facts.map(([name, value]) => html`<li><b>${value}</b>${name}</li>`)}</ul>`;
}

function range(values: readonly number[]): string {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return low === high
    ? low.toLocaleString('en')
    : `${low.toLocaleString('en')} to ${high.toLocaleString('en')}`;
}
