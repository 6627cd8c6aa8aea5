import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { ROOT } from '../workspace.mjs';

const run = promisify(execFile);
const OUTPUT_BYTES = 64 * 1024 ** 2;

/** Why images cannot be built and run here; undefined where they can. */
export function whyNoEngine() {
  for (const args of [['info'], ['compose', 'version']]) {
    const { status, error, stderr } = spawnSync('docker', args, { encoding: 'utf8', timeout: 60_000 });
    if (error) return 'docker is not installed';
    if (status !== 0) return `docker ${args.join(' ')}: ${stderr.trim().split('\n').at(-1)}`;
  }
  return undefined;
}

/** Runs the docker command from the root of the checkout; never throws for an exit code. */
export async function docker(args, { timeoutMs = 600_000 } = {}) {
  try {
    const options = { cwd: ROOT, encoding: 'utf8', maxBuffer: OUTPUT_BYTES, timeout: timeoutMs };
    const env = { ...process.env, DOCKER_BUILDKIT: '1' };
    const { stdout, stderr } = await run('docker', args, { ...options, env });
    return { code: 0, stdout, stderr };
  } catch (thrown) {
    if (typeof thrown.code !== 'number') throw thrown;
    return { code: thrown.code, stdout: thrown.stdout, stderr: thrown.stderr };
  }
}

/** The stdout of a docker command that has to succeed. */
export async function dockerOutput(args, options) {
  const { code, stdout, stderr } = await docker(args, options);
  if (code !== 0) throw new Error(`docker ${args.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`);
  return stdout;
}

/** One project of compose, by the files of docker/. */
export class ComposeProject {
  #args;

  constructor(name, files) {
    this.#args = [
      'compose',
      '--project-name',
      name,
      ...files.flatMap((file) => ['--file', `docker/${file}`]),
    ];
  }

  run(...args) {
    return docker([...this.#args, ...args], { timeoutMs: 1_800_000 });
  }

  async output(...args) {
    return dockerOutput([...this.#args, ...args], { timeoutMs: 1_800_000 });
  }

  /** A verb of the command, in a container of its own. */
  onescan(...args) {
    return this.run('run', '--rm', '-T', 'onescan', ...args);
  }

  /** Ids of the containers of a service. */
  async containers(service) {
    return (await this.output('ps', '--all', '--quiet', service)).split('\n').filter(Boolean);
  }
}

/** What the engine knows of a container or image. */
export async function inspect(id) {
  return JSON.parse(await dockerOutput(['inspect', id]))[0];
}
