import { PROCESSES, type Trial } from './hostile-trial.js';

/** The counts of a trial, as docs/security.md shows them. */
export function printTrial(trial: Trial): string {
  const { session, frames, flood, hub, service, figures, files, seconds } = trial;
  const rows = Object.entries(session.rpcs).map(
    ([name, { messages, calls, milliseconds, codes }]) =>
      `  ${name}: ${messages} messages in ${calls} calls of ${Math.round(milliseconds / calls)} ms: ${counted(codes)}`,
  );
  const broken = Object.entries(frames).map(([kind, ends]) => `  ${kind}: ${counted(ends)}`);
  const held = PROCESSES.map((name) => {
    if (!figures) return `  ${name}: not measured here`;
    const [before, after] = [figures.before[name], figures.after[name]];
    const memory = `${before.rssMib} MiB before, ${figures.peakRssMib[name]} at most, ${after.rssMib} after`;
    return `  ${name}: ${memory}; handles ${before.handles}, ${after.handles}; threads ${before.threads}, ${after.threads}; computed for ${Math.round(after.cpuSeconds - before.cpuSeconds)} s`;
  });
  return [
    `seed ${session.seed}: ${session.messages} messages in ${seconds} s`,
    ...rows,
    `to a trainer: ${hub.sent} messages; from it: ${counted(Object.fromEntries(hub.received))}`,
    'broken frames:',
    ...broken,
    `flood of one connection: ${counted(flood.counts) || 'none'} in ${flood.seconds.toFixed(1)} s`,
    `files: ${files.before.length} before, ${files.after.length} after`,
    `a client that behaves: ${service.calls} calls, median ${service.medianMs} ms, 99 % ${service.p99Ms} ms, longest ${service.longestMs} ms`,
    ...held,
    '',
  ].join('\n');
}

function counted(counts: Readonly<Record<string, number>>): string {
  const sorted = Object.entries(counts).sort(([, a], [, b]) => b - a);
  return sorted.map(([what, count]) => `${what} ${count}`).join(', ');
}
