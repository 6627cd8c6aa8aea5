import { OpenPageResponse } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import { messageJson } from '@onescan/contract/message-json.js';
import { callUnary } from '@onescan/process/grpc/client.js';
import type { Command } from 'commander';
import { withCoordinator } from '../connection/connect.js';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';
import { writeJson } from '../output/write-json.js';

/** `onescan page`: a link that opens the coordinator's live page once, as who asks. */
export function addPageVerb(program: Command, act: Act): void {
  program
    .command('page')
    .description("print a link to the coordinator's live page, good once and for ten minutes")
    .action(
      act(async (invocation) =>
        withCoordinator(invocation, async (client) => {
          const { terminal, global } = invocation;
          const response = await callUnary(client, client.openPage, {});
          if (global.json) await writeJson(terminal, messageJson(OpenPageResponse, response));
          else await terminal.write(`${response.url}\n`);
          return EXIT.ok;
        }),
      ),
    );
}
