// npm run setup: installs and builds, starts nothing.
import '../libs/cli/bin/require-node.mjs';

const { prepare } = await import('./prepare.mjs');
await prepare({ scope: 'command' });
