// npm run setup: installs and builds, starts nothing.
import './require-node.mjs';

await import('./prepare.mjs').then(({ prepare }) => prepare());
