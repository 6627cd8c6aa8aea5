// Makes the pictures of live page and report in docs/pictures, from the demonstration's run: node scripts/page-pictures.mjs
// Needs a browser: CHROMIUM_BIN, or /usr/bin/chromium (Debian: apt-get install chromium).
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { ROOT } from './workspace.mjs';

const OUT = join(ROOT, 'docs/pictures');
/** All pictures together; the README is read on telephones too. `scripts/pictures.spec.mjs` holds them to it. */
const MOST_BYTES = 300_000;
const SIZE = { width: 1_000, height: 600 };
/** Results of the run of which the picture of the grid is taken: some done, some at work. */
const RESULTS_BEFORE_PICTURE = 8;

const home = mkdtempSync(join(tmpdir(), 'onescan-pictures-'));
const command = join(ROOT, 'libs/cli/bin/onescan.mjs');
const onescan = (...args) =>
  execFileSync(process.execPath, [command, ...args, '--home', home], { encoding: 'utf8' });

/** The demonstration's run, waiting for approval. */
function startRun() {
  const spec = join(ROOT, 'libs/cli/src/demo/demo-run.yaml');
  const args = ['run', '--spec', spec, '--name', 'nightly', '--label', 'team=fx', '--json', '--home', home];
  // It waits for approval, and says so by its exit code.
  spawn(process.execPath, [command, ...args], { stdio: 'ignore' });
}

/** The report of the only run, as its reader opens it: the decision, then a pair with its features. */
async function pictureReport(browser) {
  const [run] = readdirSync(join(home, 'state/runs'));
  const page = await browser.newPage({ viewport: SIZE, colorScheme: 'light' });
  await page.goto(pathToFileURL(join(home, 'state/runs', run, 'report.html')).href);
  const sizes = [await picture(page, 'report-decision')];
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.getByRole('heading', { name: 'Features by horizon' }).first().scrollIntoViewIfNeeded();
  await page.evaluate(
    'document.querySelector(\'[aria-label^="Selection frequency of the best"]\').scrollIntoView()',
  );
  await sleep(500);
  sizes.push(await picture(page, 'report-features'));
  return sizes;
}

async function picture(page, name) {
  const path = join(OUT, `${name}.jpg`);
  await page.screenshot({ path, type: 'jpeg', quality: 60 });
  return statSync(path).size;
}

try {
  mkdirSync(OUT, { recursive: true });
  const warehouse = join(home, 'warehouse');
  onescan(
    'warehouse',
    'build',
    '--simulate',
    '--universe',
    'small',
    '--pairs',
    'eurusd,usdjpy',
    '--out',
    warehouse,
  );
  onescan('up', '--warehouse', warehouse, '--detach');
  startRun();
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_BIN ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  const page = await browser.newPage({ viewport: SIZE, colorScheme: 'light' });
  await page.goto(onescan('page').trim());
  await page.getByRole('link', { name: 'nightly' }).click();
  const approve = page.getByRole('button', { name: /^Approve \$/ });
  await approve.waitFor();
  await sleep(500);
  const sizes = [await picture(page, 'page-plan')];
  await approve.click();
  await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
  await page.locator('.cell.done').nth(RESULTS_BEFORE_PICTURE).waitFor({ timeout: 600_000 });
  await page.locator('.cell.done').first().click();
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.getByRole('heading', { name: 'Pairs and horizons' }).scrollIntoViewIfNeeded();
  await page.evaluate('scrollTo(0, 150)');
  await sleep(500);
  sizes.push(await picture(page, 'page-grid'));
  await page.locator('.mark.completed').waitFor({ timeout: 600_000 });
  sizes.push(...(await pictureReport(browser)));
  await browser.close();
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  console.log(`${sizes.length} pictures of ${bytes} bytes in ${OUT}`);
  if (bytes > MOST_BYTES) throw new Error(`more than ${MOST_BYTES} bytes: make them smaller`);
} finally {
  if (existsSync(join(home, 'endpoint.json'))) onescan('down');
  rmSync(home, { recursive: true, force: true });
}
