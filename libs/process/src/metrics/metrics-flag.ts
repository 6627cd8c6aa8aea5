import { LISTEN_ADDRESS } from '../service/flag-kinds.js';
import type { FlagTable } from '../service/flag-table.js';

/** The flag of every service whose metrics can be scraped. */
export const METRICS_FLAG = {
  metricsListen: {
    kind: LISTEN_ADDRESS,
    doc: 'where Prometheus scrapes `/metrics` ([metrics](metrics.md)), on this machine only; port 0 chooses a free one, told in the log. Collectors elsewhere are sent to with `OTEL_METRICS_EXPORTER=otlp`',
  },
} as const satisfies FlagTable;
