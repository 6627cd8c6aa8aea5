import { LISTEN_ADDRESS } from './flag-kinds.js';
import type { FlagTable } from './flag-table.js';

/** The flags of every service that is called by others. */
export const LISTEN_FLAGS = {
  listen: {
    kind: LISTEN_ADDRESS,
    default: '127.0.0.1:0',
    doc: 'where it is called, or `unix:/path/to.sock`; port 0 chooses a free one, announced on stdout. Beyond this machine it takes `--tls-cert` and `--roles`',
  },
} as const satisfies FlagTable;
