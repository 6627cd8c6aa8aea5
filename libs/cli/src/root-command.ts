import { version } from '@onescan/process/version.js';
import { Command } from 'commander';
import { DEFAULT_HOME } from './context.js';

const EXIT_CODES = `
Exit codes: 0 ok, 2 bad usage or input, 3 awaiting approval or over budget, 4 partial, 5 failed or
cancelled, 130 interrupted. stdout is data, stderr is for people. docs/cli.md describes every verb.`;

/** The command without verbs: what all of them take. */
export function createRoot(): Command {
  return new Command('onescan')
    .configureHelp({ showGlobalOptions: true })
    .description('Tests thousands of warehouse features against many targets, paying for the scan once.')
    .version(`onescan ${version()}`, '-V, --version', 'version and, where it is known, commit')
    .option('--json', 'JSON on stdout: one document, or a line each for streams')
    .option('--verbose', 'show the cause and stack of errors')
    .option(
      '--coordinator <address>',
      'host:port or unix:/path (default: $ONESCAN_COORDINATOR, else the local stack)',
    )
    .option('--token-file <file>', 'bearer token for --coordinator (default: $ONESCAN_TOKEN_FILE, else none)')
    .option(
      '--tls-ca <file>',
      "who signed the services' certificates (default: $ONESCAN_TLS_CA, else no TLS)",
    )
    .option('--tls-cert <file>', 'own certificate, of up that of --listen (default: $ONESCAN_TLS_CERT)')
    .option('--tls-key <file>', 'its private key (default: $ONESCAN_TLS_KEY)')
    .option('--fetcher <address>', 'host:port, for cache and doctor (default: $ONESCAN_FETCHER, else local)')
    .option('--home <dir>', 'folder of the local stack', DEFAULT_HOME)
    .addHelpText('after', EXIT_CODES);
}
