import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { shownText } from '@onescan/contract/format/shown-text.js';
import { beforeAll, expect, it, vi } from 'vitest';
import { readResultDocument } from '../model/result-document.js';
import { reportOf } from '../testing/report-of-documents.js';
import { resultDocument } from '../testing/sample-document.js';
import { renderReport } from './render-report.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** Each would run in some place of a page: text, attribute, title, style, script, picture. */
const HOSTILE = [
  '"><script>document.title="owned"</script>',
  `'"><img src=x onerror="document.title='owned'">`,
  '</title></style></script><svg onload="document.title=\'owned\'">',
  '" onmouseover="document.title=\'owned\'" x="',
  ']]>--><style>body{display:none}</style>',
  '{a|<b>}{b}',
  '\u202egnp.exe\u2066\u0000\u001b[2J',
  'javascript:alert(1)',
];

/** Keys of a result document whose texts come from a warehouse or a trainer. */
const NAMED = new Set(['feature', 'name', 'reason', 'unit', 'model', 'method', 'note', 'text']);
const TAGS = new Set(
  'html head meta title style body h1 h2 h3 p ul li b code div table thead tbody tr th td details summary svg path g text line rect circle polyline polygon defs clipPath tspan time span a br small nav ol script figure section header main'.split(' '),
); // biome-ignore format: a list

let page = '';
let turn = 0;
const next = (): string => HOSTILE[turn++ % HOSTILE.length]!;

/** The document with every name replaced. */
function hostile(value: unknown, key = ''): unknown {
  if (typeof value === 'string') return NAMED.has(key) ? next() : value;
  if (Array.isArray(value)) {
    const named = key === 'features' && typeof value[0] === 'string';
    return value.map((item) => (named ? next() : hostile(item, typeof item === 'string' ? key : '')));
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const names = (name: string): string => (key === 'baselines' ? next() : name);
  return Object.fromEntries(entries.map(([name, part]) => [names(name), hostile(part, name)]));
}

beforeAll(async () => {
  const tasks = [15, 30].map((horizon) => ({
    document: readResultDocument(
      { pair: 'eurusd', horizon },
      Buffer.from(JSON.stringify(hostile(resultDocument('eurusd', horizon)))),
    ),
    features: HOSTILE.map((featureId, i) => ({
      featureId,
      rank: i + 1,
      selectionFrequency: 0.5,
      importance: 1,
      shapMeanAbs: 1 / (i + 1),
    })),
    summary: { verdictText: next(), bestBaseline: next() },
  }));
  const data = reportOf(tasks);
  const { run } = data.snapshot;
  const problems = HOSTILE.map((text) => ({ code: 'unspecified', facts: { text } }) as const);
  const told = { runId: `r-1${next()}`, rerunOf: next(), approvedBy: next(), problems };
  const snapshot = { ...data.snapshot, run: { ...run, ...told } };
  page = await renderReport({ ...data, snapshot });
});

it('hostile names are text: no tag, no attribute and no character of theirs is in the page', () => {
  expect(page).not.toContain('could not be drawn');
  expect(page).toContain('&lt;script&gt;document.title=');
  const tags = [...page.matchAll(/<\/?([a-zA-Z][a-zA-Z0-9]*)/g)].map(([, tag]) => tag!);
  expect([...new Set(tags)].filter((tag) => !TAGS.has(tag))).toEqual([]);
  for (const [tag] of page.matchAll(/<[a-zA-Z][^>]*>/g)) {
    // Values of attributes hold no quotes: what follows is names.
    const names = [...tag.replaceAll(/"[^"]*"/g, '""').matchAll(/\s([^\s=>]+)=""/g)].map(([, name]) => name!);
    const links = /^<a href="#[a-z]+"/.test(tag) ? ['href'] : [];
    expect(
      names.filter((name) => /^on|^style$|^src$|href$/i.test(name)),
      tag,
    ).toEqual(links);
  }
  expect(page.match(/<style/g)).toHaveLength(1);
  expect(page.match(/<script/g)).toHaveLength(1);
  expect(shownText(page)).toBe(page);
});

it('the policy allows the own style sheet and script and nothing else', () => {
  const policy = /<meta http-equiv="Content-Security-Policy" content="([^"]*)">/.exec(page)?.[1];
  const [style, script] = ['style', 'script'].map((tag) => {
    const [, text] = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(page)!;
    return `'sha256-${createHash('sha256').update(text!).digest('base64')}'`;
  });
  expect(policy).toBe(
    `default-src 'none'; style-src ${style}; script-src ${script}; img-src data:; base-uri 'none'; form-action 'none'`,
  );
  expect(page.indexOf('Content-Security-Policy')).toBeLessThan(page.indexOf('<title>'));
});

/** A browser of this machine that can be run without a screen. */
function findBrowser(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  const found = names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
  if (found === undefined) console.warn('no Chromium: the test of the report in a browser is skipped');
  return found;
}

const browser = findBrowser();

it.skipIf(browser === undefined)(
  'a browser draws it with its style, runs nothing but its own script and blocks nothing',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'onescan-hostile-report-'));
    try {
      const show = (html: string): { out: string; log: string } => {
        writeFileSync(join(folder, 'report.html'), html);
        const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking'];
        const more = [`--user-data-dir=${folder}/profile`, '--enable-logging=stderr', '--dump-dom'];
        const url = pathToFileURL(join(folder, 'report.html')).href;
        const { stdout, stderr } = spawnSync(browser!, [...flags, ...more, url], {
          encoding: 'utf8',
          maxBuffer: 1 << 28,
          timeout: 60_000,
        });
        return { out: stdout, log: stderr };
      };
      const { out, log } = show(page);
      expect(out).toContain('<h2 id="eurusd">EURUSD</h2>');
      expect(out).not.toContain('<title>owned');
      expect(log).not.toMatch(/CONSOLE|Content.Security.Policy/i);
      // The same page shows that a script, a handler and a foreign style would have been blocked.
      const attacked = page.replace('</body>', `${HOSTILE[1]!.slice(3)}<b style="color:red">x</b></body>`);
      expect(show(attacked).log.match(/Content Security Policy/g)?.length).toBeGreaterThan(0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);
