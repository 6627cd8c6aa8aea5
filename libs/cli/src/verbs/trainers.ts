import { formatBytes } from '@onescan/contract/format/bytes.js';
import {
  ListTrainersResponse,
  type WorkerStatus,
} from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { messageJson } from '@onescan/contract/message-json.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';
import { renderTable, type TableColumn } from '../output/table.js';
import { writeJson } from '../output/write-json.js';

const COLUMNS: readonly TableColumn<WorkerStatus>[] = [
  { title: 'trainer', text: (worker) => worker.trainerId },
  { title: 'state', text: (worker) => (worker.connected ? 'connected' : 'gone') },
  { title: 'memory', text: (worker) => formatBytes(worker.rssBytes), align: 'right' },
  { title: 'peak', text: (worker) => formatBytes(worker.peakRssBytes), align: 'right' },
  { title: 'limit', text: (worker) => formatBytes(worker.memoryLimitBytes), align: 'right' },
  { title: 'working on', text: (worker) => worker.workingOn || '-' },
];

/** `onescan trainers`: who is connected, and memory against limit. */
export function addTrainersVerb(program: Command, act: Act): void {
  program
    .command('trainers')
    .description('list the trainers')
    .action(
      act(async (invocation) =>
        withCoordinator(invocation, async (client) => {
          const { terminal, global } = invocation;
          const response = await callUnary(client, client.listTrainers, {});
          if (global.json) await writeJson(terminal, messageJson(ListTrainersResponse, response));
          else await terminal.write(renderTable(COLUMNS, response.trainers));
          return EXIT.ok;
        }),
      ),
    );
}
