import { EXIT } from './exit-code.js';
import { runCli } from './run-cli.js';
import { processTerminal } from './terminal/process-terminal.js';

const code = await runCli(process.argv.slice(2), processTerminal());
// Whoever pressed Ctrl-C does not wait for connections to be given up.
if (code === EXIT.interrupted) process.exit(code);
process.exitCode = code;
