/** Log of a command that nobody reads: what it has to say is on the terminal. */
const SILENT = { warn: () => undefined, debug: () => undefined };

/**
 * Runs what a command has a service do in a span that is the root of its trace, where the variables of OpenTelemetry
 * say that spans are sent. The span is sent before this ends: a command that is killed while it watches a run
 * leaves the run its parent.
 */
export async function inCommandSpan<T>(name: string, fn: () => Promise<T>): Promise<T> {
  if (!Object.keys(process.env).some((variable) => variable.startsWith('OTEL_'))) return fn();
  // Loaded when they are needed: they would double the time that every verb takes to start.
  const [{ startTracing }, { preciseNowMs, withSpan }] = await Promise.all([
    import('@onescan/process/telemetry/start-tracing.js'),
    import('@onescan/process/telemetry/tracing.js'),
  ]);
  const tracing = await startTracing('onescan', SILENT);
  try {
    // Whole milliseconds, as its calls: a run that is opened again has no finer begin.
    return await withSpan(name, { startMs: Math.floor(preciseNowMs()) }, fn);
  } finally {
    await tracing.shutdown();
  }
}
