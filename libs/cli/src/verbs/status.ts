import { resolve } from 'node:path';
import { isProcessAlive } from '@onescan/process/process-alive.js';
import type { Command } from 'commander';
import { type Endpoint, requireEndpoint, serviceLog } from '../connection/endpoint-file.js';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';
import { renderTable, type TableColumn } from '../output/table.js';
import { writeJson } from '../output/write-json.js';

interface ServiceStatus {
  service: string;
  processId: number;
  /** "ended" for one that is gone and of which the supervisor has not said so yet. */
  state: 'running' | 'restarting' | 'given up' | 'ended';
  restarts: number;
  lastEnd?: { how: string; at: string } | undefined;
}

const COLUMNS: readonly TableColumn<ServiceStatus>[] = [
  { title: 'service', text: ({ service }) => service },
  { title: 'state', text: ({ state }) => (state === 'given up' ? 'GIVEN UP' : state) },
  {
    title: 'process',
    text: ({ state, processId }) => (state === 'running' ? `${processId}` : '-'),
    align: 'right',
  },
  { title: 'restarts', text: ({ restarts }) => `${restarts}`, align: 'right' },
  { title: 'last ended', text: ({ lastEnd }) => (lastEnd ? `${lastEnd.at}, ${lastEnd.how}` : '-') },
];

/** `onescan status`: the services of the local stack, and how often each had to be started again. */
export function addStatusVerb(program: Command, act: Act): void {
  program
    .command('status')
    .description('show the services of the local stack, their restarts and what was given up')
    .action(
      act(async ({ terminal, global }) => {
        const remedy = 'Start it with "onescan up --warehouse DIR": runs that were going on are taken up';
        const home = resolve(terminal.cwd, global.home);
        const endpoint = requireEndpoint(home, global.home, 'UNAVAILABLE', remedy);
        const services = statusOf(endpoint);
        if (global.json)
          await writeJson(terminal, { supervisor: endpoint.pid, startedAt: endpoint.startedAt, services });
        else {
          await terminal.write(renderTable(COLUMNS, services));
          for (const { service, state } of services) {
            if (state !== 'running') terminal.note(`Why ${service} ended: ${serviceLog(home, service)}`);
          }
          terminal.note(`Supervised by process ${endpoint.pid} since ${endpoint.startedAt}.`);
        }
        return services.every(({ state }) => state === 'running') ? EXIT.ok : EXIT.failed;
      }),
    );
}

function statusOf({ services, supervised = {} }: Endpoint): ServiceStatus[] {
  return Object.entries(services).map(([service, processId]) => {
    const { state = 'running', restarts = 0, lastEnd } = supervised[service] ?? {};
    const isGone = state === 'running' && !isProcessAlive(processId);
    return { service, processId, state: isGone ? 'ended' : state, restarts, lastEnd };
  });
}
