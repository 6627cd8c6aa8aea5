import { Argument, type Command } from 'commander';
import { SERVICES, type ServiceName, serve } from '../../bin/serve.mjs';
import type { Act } from '../context.js';
import { EXIT } from '../exit-code.js';

const HOW = `
The flags are the service's own: onescan serve fetcher --help lists them. The service is this very process: SIGTERM
drains it, and its exit code is that of the service.`;

/**
 * `onescan serve`: one service alone, for machines that have a supervisor of their own. The program starts services
 * before it gets here, without the weight of all verbs; this tells of the verb.
 */
export function addServeVerb(program: Command, act: Act): void {
  program
    .command('serve')
    .description('run one service in the foreground, for containers and supervisors')
    .addArgument(new Argument('<service>', 'the service').choices(SERVICES))
    .argument('[flags...]', 'flags of the service')
    .allowUnknownOption()
    .addHelpText('after', HOW)
    .action(
      act(async (_invocation, _options: object, service: ServiceName, flags: string[]) => {
        await serve([service, ...flags]);
        return EXIT.ok;
      }),
    );
}
