import { createServer } from 'node:net';
import type { CoordinatorServiceClient } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { ApprovalMode, RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessibilityProblems, CHROMIUM, openPage, startChromium } from '../page/chromium.js';
import { Stack } from '../stack.js';
import { WAREHOUSE } from '../warehouse.js';

/** Time for what takes learning, or a coordinator that comes back, on a busy machine. */
const LIMIT = { timeout: 180_000 };

/** A name that would do harm in a page. */
const NASTY = '"><img src=x onerror=alert(1)><script>alert(2)</script>{{3*3}}';

let stack: Stack;
let browser: Browser;
let address: string;

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function startRun(name: string): Promise<string> {
  const { coordinator } = stack;
  const spec = RunSpec.fromPartial({
    pairs: ['eurusd', 'usdjpy'],
    horizons: [15, 45],
    preset: 'quick',
    sample: { rows: 3_000 },
    approvalMode: ApprovalMode.APPROVAL_MODE_MANUAL,
  });
  const tags = { name, labels: { team: 'fx' } };
  return (await callUnary(coordinator, coordinator.startRun, { spec, rerunOf: '', tags })).runId;
}

async function link(client: CoordinatorServiceClient = stack.coordinator): Promise<string> {
  return (await callUnary(client, client.openPage, {})).url;
}

/** Cells of the grid that say what came of their task. */
function doneCells(page: Page): Promise<number> {
  return page.locator('.cell.done').count();
}

describe.skipIf(CHROMIUM === undefined)(
  'the live page in a browser (skipped: no chromium on this machine)',
  () => {
    beforeAll(async () => {
      const port = await freePort();
      const coordinatorFlags = ['--page', `127.0.0.1:${port}`];
      stack = await Stack.start({ warehouse: WAREHOUSE, trainers: 1, coordinatorFlags });
      address = `http://127.0.0.1:${port}/`;
      browser = await startChromium();
    });
    afterAll(async () => {
      await browser?.close();
      await stack?.stop();
    });

    it(
      'finds a run, approves its plan by keyboard, fills its grid over a restart, opens its report',
      LIMIT,
      async () => {
        const runId = await startRun(NASTY);
        await startRun('another');
        const { page, problems } = await openPage(browser);
        await page.goto(await link());
        // The ticket is nowhere to be found afterwards.
        await expect.poll(() => page.url(), LIMIT).toBe(`${address}#/runs`);
        await page.getByRole('link', { name: NASTY }).waitFor();
        await page.getByRole('searchbox').fill('another');
        await expect.poll(() => page.locator('tbody tr').count(), LIMIT).toBe(1);
        await page.getByRole('searchbox').fill('team=fx');
        await expect.poll(() => page.locator('tbody tr').count(), LIMIT).toBe(2);
        await page.getByRole('combobox').selectOption('COMPLETED');
        await page.getByText('No run is like that.').waitFor();
        await page.getByRole('combobox').selectOption('');
        await page.getByRole('link', { name: NASTY }).click();
        await page.getByRole('heading', { level: 1, name: NASTY }).waitFor();
        // Focus and title follow the view.
        expect(await page.evaluate('document.activeElement.tagName')).toBe('H1');
        expect(await page.title()).toContain('onerror');
        const plan = page.getByRole('region', { name: 'The plan awaits approval' });
        await plan.waitFor();
        const { coordinator } = stack;
        const { run } = await callUnary(coordinator, coordinator.getRun, { runId });
        expect(await plan.textContent()).toContain(run!.plan!.planHash);
        expect(await plan.textContent()).toContain('Not tested');
        const approve = plan.getByRole('button', { name: /^Approve \$/ });
        await approve.focus();
        await page.keyboard.press('Enter');
        await page.getByRole('dialog').getByText(run!.plan!.planHash.slice(0, 12)).waitFor();
        await page.keyboard.press('Escape');
        expect(await page.getByRole('dialog').count()).toBe(0);
        expect((await callUnary(coordinator, coordinator.getRun, { runId })).run!.approvals).toEqual([]);
        await page.keyboard.press('Enter');
        await page.keyboard.press('Enter');
        // Twice the same key approves nothing: the dialog begins at the other button.
        expect(await page.getByRole('dialog').count()).toBe(0);
        expect((await callUnary(coordinator, coordinator.getRun, { runId })).run!.approvals).toEqual([]);
        await page.keyboard.press('Enter');
        await page.keyboard.press('Tab');
        await page.keyboard.press('Enter');
        await expect.poll(() => doneCells(page), LIMIT).toBeGreaterThan(0);
        expect(problems).toEqual([]);
        await stack.killCoordinator();
        await page.getByText('The coordinator does not answer. Trying again.').waitFor();
        await stack.startCoordinator();
        await expect.poll(() => doneCells(page), LIMIT).toBe(4);
        await page.locator('.mark.completed').waitFor();
        expect(await page.getByText('does not answer').count()).toBe(0);
        const lines = await page.locator('.events li').allTextContents();
        expect(lines.filter((line) => line.endsWith('the run is completed'))).toHaveLength(1);
        expect(lines.filter((line) => /: .*AUC .* features kept$/.test(line))).toHaveLength(4);
        // Arrow keys go from cell to cell, and a cell shows its figures.
        await page.locator('.cell').first().focus();
        await page.keyboard.press('ArrowRight');
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { level: 3, name: /^usdjpy h45: / }).waitFor();
        const [report] = await Promise.all([
          page.waitForEvent('popup'),
          page.getByRole('button', { name: 'Open report' }).click(),
        ]);
        await report.getByRole('heading', { level: 1 }).waitFor();
        expect(await report.content()).toContain(runId);
        expect(await report.evaluate('self.origin')).toBe('null');
        // Only that it could not be reached while it was gone.
        expect(problems.filter((problem) => !/net::ERR_/.test(problem))).toEqual([]);
        expect(await page.locator('#app img:not([src="/icon.svg"]), #app script').count()).toBe(0);
      },
    );

    it('is whole and free of what axe finds, at both widths and in both colours', LIMIT, async () => {
      const runId = await startRun('waits');
      const { page } = await openPage(browser, { bypassCSP: true });
      await page.goto(await link());
      await page.getByRole('table').waitFor();
      for (const route of ['#/runs', `#/runs/${runId}`, '#/trainers']) {
        await page.goto(`${address}${route}`);
        await page.locator('h1').waitFor();
        if (route.endsWith(runId)) await page.getByRole('button', { name: /^Approve \$/ }).waitFor();
        for (const width of [1_200, 390]) {
          for (const colorScheme of ['light', 'dark'] as const) {
            await page.setViewportSize({ width, height: 900 });
            await page.emulateMedia({ colorScheme });
            expect(await accessibilityProblems(page)).toEqual([]);
            // Nothing sticks out of the page.
            expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
          }
        }
      }
    });

    it('shows nothing to who is not signed in, and a link works once', LIMIT, async () => {
      const url = await link();
      const first = await openPage(browser);
      await first.page.goto(url);
      await first.page.getByRole('heading', { name: 'Runs' }).waitFor();
      const second = await openPage(browser);
      await second.page.goto(url);
      await second.page.getByLabel('Bearer token').waitFor();
      expect(await second.page.getByRole('table').count()).toBe(0);
      await first.page.getByRole('button', { name: 'Sign out' }).click();
      await first.page.getByLabel('Bearer token').waitFor();
      await first.page.reload();
      await first.page.getByLabel('Bearer token').waitFor();
    });

    it('another origin can neither ask nor read, signed in or not', LIMIT, async () => {
      const { page } = await openPage(browser);
      await page.goto(await link());
      await page.getByRole('heading', { name: 'Runs' }).waitFor();
      // The same host under another name: cookies of 127.0.0.1 go elsewhere, the answer is refused all the same.
      const { port } = new URL(address);
      const foreign = await page.context().newPage();
      await foreign.route('http://127.0.0.1:9191/', (route) =>
        route.fulfill({ contentType: 'text/html', body: 'another port' }),
      );
      await foreign.goto('http://127.0.0.1:9191/');
      const asked = await foreign.evaluate(
        `fetch('http://127.0.0.1:${port}/api/listRuns', { method: 'POST', credentials: 'include', headers: { 'content-type': 'application/json' }, body: '{}' }).then(() => 'read', () => 'refused')`,
      );
      const sent = await foreign.evaluate(
        `fetch('http://127.0.0.1:${port}/api/listRuns', { method: 'POST', mode: 'no-cors', credentials: 'include', body: '{}' }).then((answer) => answer.type, () => 'refused')`,
      );
      expect([asked, sent]).toEqual(['refused', 'refused']);
    });
  },
);
