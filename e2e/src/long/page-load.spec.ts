import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CoordinatorServiceClient } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { ApprovalMode, RunSpec } from '@onescan/contract/generated/onescan/v1/spec.js';
import { callUnary, createClient } from '@onescan/process/grpc/client.js';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM, openPage, startChromium } from '../page/chromium.js';
import { largeRun } from '../page/large-run.js';
import { ServiceProcess } from '../service-process.js';
import { WAREHOUSE } from '../warehouse.js';

const LIMIT = { timeout: 120_000 };

const TOKENS = { vera: 'token-of-vera-the-viewer', anna: 'token-of-anna-who-approves' };
const ROLES = { vera: ['viewer'], anna: ['viewer', 'runner', 'approver'] };

/** Events of the large run. */
const EVENTS = 5_000;

/** No input waits longer than this on a machine with nothing else to do, in milliseconds; a busy one gets four times as much. */
const LONGEST_TASK_MS = 100;

let folder: string;
let browser: Browser;
let client: CoordinatorServiceClient;
let address: string;
const services: ServiceProcess[] = [];

function serve(service: 'fetcher' | 'coordinator', args: string[]): ServiceProcess {
  const started = new ServiceProcess({ service, args, logPath: join(folder, `${service}.log`) });
  services.push(started);
  return started;
}

describe.skipIf(CHROMIUM === undefined)(
  'roles and size in a browser (skipped: no chromium on this machine)',
  () => {
    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'onescan-page-load-'));
      const tokens = Object.entries(TOKENS).map(([name, token]) => {
        writeFileSync(join(folder, name), token, { mode: 0o600 });
        return { name, roles: ROLES[name as keyof typeof ROLES], file: name };
      });
      writeFileSync(join(folder, 'roles.json'), JSON.stringify({ tokens }), { mode: 0o600 });
      const key = ['--grant-key', join(folder, 'grant.key')];
      const fetcher = await serve('fetcher', [
        ...['--listen', '127.0.0.1:0', '--warehouse', WAREHOUSE, '--cache', join(folder, 'cache'), ...key],
      ]).address();
      const coordinator = await serve('coordinator', [
        ...[
          '--listen',
          '127.0.0.1:0',
          '--page',
          '127.0.0.1:0',
          '--fetcher',
          fetcher,
          '--state',
          join(folder, 'state'),
        ],
        ...['--roles', join(folder, 'roles.json'), ...key],
      ]).address();
      client = createClient(CoordinatorServiceClient, coordinator, {}, { tokenFile: join(folder, 'anna') });
      address = (await callUnary(client, client.openPage, {})).url.split('#')[0]!;
      browser = await startChromium();
    });
    afterAll(async () => {
      await browser?.close();
      client?.close();
      for (const service of services.toReversed()) await service.stop();
      rmSync(folder, { recursive: true, force: true });
    });

    it(
      'a viewer is shown the plan and no button, and what his page sends anyway is refused',
      LIMIT,
      async () => {
        const { APPROVAL_MODE_MANUAL: approvalMode } = ApprovalMode;
        const spec = RunSpec.fromPartial({
          pairs: ['eurusd'],
          horizons: [15],
          sample: { rows: 2_000 },
          approvalMode,
        });
        const { runId } = await callUnary(client, client.startRun, { spec, rerunOf: '' });
        const { page } = await openPage(browser);
        await page.goto(`${address}#/runs/${runId}`);
        await page.getByLabel('Bearer token').fill('token-of-nobody-at-all');
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.getByText('that does not sign in here').waitFor();
        await page.getByLabel('Bearer token').fill(TOKENS.vera);
        await page.keyboard.press('Enter');
        await page.getByText('Only approvers may approve; you are viewer.').waitFor();
        expect(await page.getByRole('button', { name: /Approve|Cancel run/ }).count()).toBe(0);
        const { run } = await callUnary(client, client.getRun, { runId });
        const request = JSON.stringify({ runId, planHash: run!.plan!.planHash });
        const answer = await page.evaluate(`fetch('/api/approveRun', {
      method: 'POST', body: ${JSON.stringify(request)},
      headers: { 'content-type': 'application/json', 'x-onescan-page-key': localStorage.getItem('onescan-page-key') },
    }).then(async (answer) => [answer.status, (await answer.json()).error.code])`);
        expect(answer).toEqual([403, 'PERMISSION_DENIED']);
        expect((await callUnary(client, client.getRun, { runId })).run!.approvals).toEqual([]);
        const anna = await openPage(browser);
        await anna.page.goto(`${address}#/runs/${runId}`);
        await anna.page.getByLabel('Bearer token').fill(TOKENS.anna);
        await anna.page.keyboard.press('Enter');
        await anna.page.getByRole('button', { name: /^Approve \$/ }).waitFor();
      },
    );

    it('196 tasks and 5,000 events that come at once leave it quick', LIMIT, async () => {
      const { url } = await callUnary(client, client.openPage, {});
      const { page, problems } = await openPage(browser);
      const { runId, run, events } = largeRun(EVENTS);
      const json = (body: object) => ({ contentType: 'application/json', body: JSON.stringify(body) });
      await page.route('**/api/getRun', (route) => route.fulfill(json({ run })));
      let streams = 0;
      await page.route('**/api/watchRun', (route) =>
        // Once, and then the connection stays open.
        streams++ === 0 ? route.fulfill({ contentType: 'text/event-stream', body: events }) : undefined,
      );
      await page.addInitScript(`
      globalThis.longTasks = [];
      new PerformanceObserver((list) => longTasks.push(...list.getEntries().map(({ duration }) => duration)))
        .observe({ type: 'longtask', buffered: true });
    `);
      await page.goto(url);
      await page.getByRole('heading', { name: 'Runs' }).waitFor();
      await page.evaluate('longTasks.length = 0');
      await page.evaluate(`location.hash = '#/runs/${runId}'`);
      await expect
        .poll(() => page.locator('#events-title').textContent(), LIMIT)
        .toMatch(/[1-9],\d{3}$|5,000$/);
      await expect.poll(() => page.locator('.cell').count(), LIMIT).toBe(196);
      await page.locator('.cell').nth(100).click();
      await page.locator('.detail h3').waitFor();
      const longest = Math.max(0, ...((await page.evaluate('longTasks')) as number[]));
      console.log(`${EVENTS} events into 196 cells: the longest task took ${longest} ms`);
      expect(longest).toBeLessThan(4 * LONGEST_TASK_MS);
      expect(await page.locator('.events li').count()).toBe(100);
      expect(problems).toEqual([]);
    });
  },
);
