import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * Starts LightGBM in a Python process, so that it can be timed in turn with our own code.
 *
 * @param python interpreter that can import lightgbm and numpy
 * @returns `{ version, call(name, args), close() }`, or undefined when LightGBM cannot be imported
 */
export async function startLightGbm(python) {
  const script = fileURLToPath(new URL('lightgbm-server.py', import.meta.url));
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.on('data', (data) => {
    complaint += data;
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const failed = once(child, 'error').then(
    () => ({ done: /** @type {const} */ (true) }),
    () => ({ done: /** @type {const} */ (true) }),
  );
  const answer = async () => {
    /** @type {IteratorResult<string> | { done: true, value?: undefined }} */
    const line = await Promise.race([lines.next(), failed]);
    return line.done ? undefined : JSON.parse(line.value);
  };
  const hello = await answer();
  if (!hello) return undefined;
  return {
    version: hello.version,
    async call(name, args) {
      child.stdin.write(`${JSON.stringify({ call: name, arguments: args })}\n`);
      const result = await answer();
      if (!result) throw new Error(`LightGBM ended during ${name}: ${complaint}`);
      return result;
    },
    close() {
      child.stdin.end();
    },
  };
}

/** Says, where it cannot be overlooked, that there is no baseline in this run, and what was recorded before. */
export function reportMissing(python, recorded) {
  console.error(
    `NO BASELINE IN THIS RUN: ${python} cannot import lightgbm (pip install lightgbm numpy, or --python PATH). ${recorded}`,
  );
}
