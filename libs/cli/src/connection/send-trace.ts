import { OnescanError } from '@onescan/contract/onescan-error.js';

const SEND_MS = 30_000;

/**
 * Sends a run's spans to a collector, as OTLP over HTTP in JSON.
 *
 * @param url of the collector: "http://localhost:4318"; what has a path already is taken as it is
 * @returns where they were sent to
 * @throws OnescanError INVALID_ARGUMENT for what is no such URL, UNAVAILABLE when it does not answer, FAILED_PRECONDITION
 *   with its status when it refuses them
 */
export async function sendTrace(url: string, document: Buffer, signal: AbortSignal): Promise<string> {
  const target = targetOf(url);
  const remedy = 'Give the address of a collector that takes OTLP over HTTP, e.g. http://localhost:4318';
  let response: Response;
  try {
    response = await fetch(target, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: new Uint8Array(document),
      signal: AbortSignal.any([signal, AbortSignal.timeout(SEND_MS)]),
    });
  } catch (cause) {
    const why =
      (cause as Error).cause instanceof Error ? ((cause as Error).cause as Error).message : String(cause);
    throw new OnescanError('UNAVAILABLE', `${target} did not take the spans: ${why}`, { remedy, cause });
  }
  if (response.ok) return target;
  const text = (await response.text()).slice(0, 200);
  throw new OnescanError('FAILED_PRECONDITION', `${target} answered ${response.status}: ${text}`, { remedy });
}

function targetOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed || !/^https?:$/.test(parsed.protocol)) {
    throw new OnescanError('INVALID_ARGUMENT', `--send: "${url}" is no http or https URL`, {
      remedy: 'e.g. --send http://localhost:4318',
    });
  }
  if (parsed.pathname === '/') parsed.pathname = '/v1/traces';
  return parsed.href;
}
