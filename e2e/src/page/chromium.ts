import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** A browser of this machine: CHROMIUM_BIN, or one in PATH; undefined where there is none (Debian: apt-get install chromium). */
export const CHROMIUM = process.env.CHROMIUM_BIN ?? inPath();

function inPath(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((path) => existsSync(path));
}

/** Starts the browser without a window; {@link CHROMIUM} has to be there. */
export function startChromium(): Promise<Browser> {
  // Its sandbox does not work for root, nor in most containers.
  return chromium.launch({ executablePath: CHROMIUM!, args: ['--no-sandbox'] });
}

/** Time for what takes planning on a busy machine, in milliseconds. */
const PATIENCE_MS = 120_000;

/** A page of a browser that knows nothing yet. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings of the console, exceptions, and dialogs that scripts opened. */
  readonly problems: string[];
}

/** Opens a page and writes down whatever goes wrong in it. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1_200, height: 900 }, ...options });
  const problems: string[] = [];
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error.stack)));
  page.on('dialog', (dialog) => {
    problems.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, problems };
}

/** What axe finds wrong with what a page shows, a line each. The page's context has to be one with `bypassCSP`. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = (await page.evaluate('axe.run(document)')) as {
    violations: { id: string; nodes: { html: string; failureSummary?: string }[] }[];
  };
  return found.violations.map(
    ({ id, nodes }) => `${id}: ${nodes[0]!.html} ${nodes[0]!.failureSummary ?? ''}`,
  );
}
