import { isMainThread } from 'node:worker_threads';

/**
 * Loaded into every service of a local stack with `node --import`. The launcher holds the other end of the
 * service's stdin; when it goes away, however it died, the pipe ends and the service stops: first asked
 * with SIGTERM, as an orderly stop would, then ended. So no service outlives its launcher.
 */

/** Set by the launcher; removed at once so that processes of the service are not taken for it. */
const SWITCH = 'ONESCAN_STOP_WITH_PARENT';
const GRACE_MS = 10_000;
const LOST_PARENT_EXIT_CODE = 143;

if (isMainThread && process.env[SWITCH] === '1') {
  delete process.env[SWITCH];
  process.stdin.on('end', stop).on('error', stop).resume();
  // The pipe alone must not keep a service alive that has finished.
  (process.stdin as unknown as { unref?(): void }).unref?.();
}

function stop(): void {
  process.kill(process.pid, 'SIGTERM');
  setTimeout(() => process.exit(LOST_PARENT_EXIT_CODE), GRACE_MS).unref();
}
