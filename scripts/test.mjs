// npm test: installs, builds, lints, checks the generated code and runs every quick test.
// With --all also the targets named test-long. The last line is "N passed, N failed".
import '../libs/cli/bin/require-node.mjs';

const { prepare } = await import('./prepare.mjs');
await prepare({ scope: 'all' });

const { runTests } = await import('./run-tests.mjs');
process.exitCode = await runTests({ all: process.argv.includes('--all') });
