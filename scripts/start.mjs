// npm start: installs, builds, and runs the demo (libs/cli/src/demo) to its end.
import '../libs/cli/bin/require-node.mjs';

const { prepare } = await import('./prepare.mjs');
await prepare({ scope: 'command' });

process.argv.splice(2, 0, 'demo');
await import('../libs/cli/bin/onescan.mjs');
