import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ROOT } from './workspace.mjs';

const VERSION = '1.34';
const MAXIMUM_GRACE_S = 600;
const BIN = join(ROOT, 'node_modules/.bin/onescan');
const helpOf = (...words) => execFileSync(process.execPath, [BIN, ...words, '--help'], { encoding: 'utf8' });
const SERVICES = ['fetcher', 'coordinator', 'trainer'];
const OVERLAYS = ['minimal', 'bigquery', 'keda'];
/** Components that no overlay has, each tried on the one with certificates from files. */
const WITH = [
  'minimal+keda',
  'minimal+keda-jobs',
  'minimal+job',
  'minimal+deletion-cost',
  'keda+deletion-cost',
];
/** Definitions of KEDA's own types, from its repository: config/crd/bases. */
const KEDA_CRDS = process.env.ONESCAN_KEDA_CRDS;

/** Whether a program is to be had; the check that needs it is skipped by name otherwise. */
function isInstalled(program) {
  return process.env.PATH.split(delimiter).some((folder) => existsSync(join(folder, program)));
}

const renderer = [
  ['kustomize', 'build'],
  ['kubectl', 'kustomize'],
].find(([program]) => isInstalled(program));

let folder;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'onescan-kubernetes-'));
  cpSync(join(ROOT, 'docker/kubernetes'), folder, { recursive: true });
  execFileSync('sh', [join(folder, 'make-secrets.sh'), join(folder, 'components/tls-files/secrets')]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const documents = (text) => parseAllDocuments(text, { merge: true }).map((document) => document.toJS());

/** What an overlay would apply, with a component behind a plus. */
function render(name) {
  const [overlay, more] = name.split('+');
  if (more) {
    const path = join(folder, 'overlays', name);
    mkdirSync(path, { recursive: true });
    const components = [`../../components/${more}`];
    writeFileSync(
      join(path, 'kustomization.yaml'),
      JSON.stringify({ namespace: 'onescan', resources: [`../${overlay}`], components }),
    );
  }
  const [program, ...args] = renderer;
  return documents(execFileSync(program, [...args, join(folder, 'overlays', name)], { encoding: 'utf8' }));
}

const base = readdirSync(join(ROOT, 'docker/kubernetes/base'))
  .filter((name) => name !== 'kustomization.yaml')
  .flatMap((name) => documents(readFileSync(join(ROOT, 'docker/kubernetes/base', name), 'utf8')));
/** A file of a component, as documents. */
const component = (path) => documents(readFileSync(join(ROOT, 'docker/kubernetes/components', path), 'utf8'));

const workload = (name) =>
  base.find(({ kind, metadata }) => /Set|Deployment/.test(kind) && metadata.name === name);
const podOf = (service) => workload(`onescan-${service}`).spec.template.spec;

describe.skipIf(!renderer)('overlays (need kustomize or kubectl)', () => {
  it.each(OVERLAYS)('%s renders, everything in its namespace', (overlay) => {
    const all = render(overlay);
    expect(all.filter(({ kind }) => kind === 'StatefulSet')).toHaveLength(2);
    for (const { kind, metadata } of all) {
      if (kind !== 'Namespace') expect(metadata.namespace, `${kind} ${metadata.name}`).toBe('onescan');
    }
  });

  it('only the component deletion-cost gives anybody a right or a token, and that to the coordinator alone', () => {
    const rights = (all) => all.filter(({ kind }) => /Role|Binding/.test(kind));
    const tokens = (all) =>
      all.flatMap(({ metadata, spec }) =>
        spec?.template?.spec.automountServiceAccountToken ? [metadata.name] : [],
      );
    for (const name of [...OVERLAYS, ...WITH.filter((each) => !each.endsWith('deletion-cost'))]) {
      expect([rights(render(name)), tokens(render(name))], name).toEqual([[], []]);
    }
    const all = render('keda+deletion-cost');
    expect(tokens(all)).toEqual(['onescan-coordinator']);
    const [role, binding] = ['Role', 'RoleBinding'].map((kind) => all.find((each) => each.kind === kind));
    expect(rights(all)).toHaveLength(2);
    expect(role.rules).toEqual([{ apiGroups: [''], resources: ['pods'], verbs: ['patch'] }]);
    expect(binding.roleRef.name).toBe(role.metadata.name);
    expect(binding.subjects).toEqual([
      { kind: 'ServiceAccount', name: 'onescan-coordinator', namespace: 'onescan' },
    ]);
    const coordinator = all.find(
      ({ kind, metadata }) => kind === 'StatefulSet' && metadata.name === 'onescan-coordinator',
    );
    expect(coordinator.spec.template.spec.containers[0].args).toContain('--pod-deletion-cost');
    expect(helpOf('serve', 'coordinator')).toContain('--pod-deletion-cost');
  });

  it.skipIf(!isInstalled('kubernetes-validate')).each([...OVERLAYS, ...WITH])(
    '%s is valid, strictly (needs kubernetes-validate)',
    (overlay) => {
      // The validator knows no types of others.
      const known = render(overlay).filter(
        ({ apiVersion }) => !/^(cert-manager.io|keda.sh)\//.test(apiVersion),
      );
      const path = join(folder, `${overlay}.yaml`);
      writeFileSync(path, known.map((each) => JSON.stringify(each)).join('\n---\n'));
      const { status, stdout, stderr } = spawnSync('kubernetes-validate', ['-k', VERSION, '--strict', path], {
        encoding: 'utf8',
      });
      expect(status, `${stdout}${stderr}`).toBe(0);
    },
  );
});

describe.skipIf(!KEDA_CRDS || !renderer)(`KEDA's types (need ONESCAN_KEDA_CRDS)`, () => {
  it.each(['keda', 'minimal+keda', 'minimal+keda-jobs'])(
    '%s has no field that KEDA does not know',
    (overlay) => {
      const own = render(overlay).filter(({ apiVersion }) => apiVersion.startsWith('keda.sh/'));
      expect(own.map(({ kind }) => kind).sort()).toEqual([
        overlay.endsWith('jobs') ? 'ScaledJob' : 'ScaledObject',
        'TriggerAuthentication',
      ]);
      for (const each of own) {
        const path = join(
          KEDA_CRDS,
          `keda.sh_${each.kind.toLowerCase()}s.yaml`.replace('authenticationss', 'authentications'),
        );
        const [definition] = documents(readFileSync(path, 'utf8'));
        const { schema } = definition.spec.versions.find(({ name }) => name === 'v1alpha1');
        expect(misfits(each, schema.openAPIV3Schema, each.kind)).toEqual([]);
      }
    },
  );
});

/** Where a value differs from a structural schema, fields that it does not have included. */
function misfits(value, schema, path) {
  const { type, properties, additionalProperties, items, required = [] } = schema;
  if (schema['x-kubernetes-int-or-string']) return [];
  if (schema.enum && !schema.enum.includes(value)) return [`${path} is ${value}`];
  if (type === 'array') {
    if (!Array.isArray(value)) return [`${path} is no list`];
    return value.flatMap((item, i) => misfits(item, items, `${path}[${i}]`));
  }
  if (type !== 'object') {
    const isType = type === 'integer' ? Number.isInteger(value) : typeof value === type;
    return isType ? [] : [`${path} is no ${type}`];
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] || (!properties && !additionalProperties)) return [];
  const missing = required.filter((field) => !(field in value)).map((field) => `${path}.${field} is missing`);
  const inner = Object.entries(value).flatMap(([field, each]) => {
    const known = properties?.[field] ?? additionalProperties;
    return known ? misfits(each, known, `${path}.${field}`) : [`${path}.${field} is unknown`];
  });
  return [...missing, ...inner];
}

it('a trainer of a job is that of the Deployment, but that it leaves when it has nothing to do', () => {
  const { template } = workload('onescan-trainer').spec;
  const [scaled] = component('keda-jobs/scaled-job.yaml');
  const [job] = component('job/job.yaml');
  for (const own of [scaled.spec.jobTargetRef.template, job.spec.template]) {
    const { restartPolicy, ...spec } = own.spec;
    expect(restartPolicy).toBe('OnFailure');
    const [container] = spec.containers;
    const args = container.args.filter((arg) => !arg.startsWith('--exit-when-idle='));
    expect(args).toHaveLength(container.args.length - 1);
    expect({ ...own, spec: { ...spec, containers: [{ ...container, args }] } }).toEqual(template);
  }
});

it('the coordinator takes as many trainers as KEDA may start', () => {
  const { patches } = component('scaler/kustomization.yaml')[0];
  const most = /ONESCAN_MAX_WORKERS, value: "(\d+)"/.exec(patches.map(({ patch }) => patch).join('\n'))[1];
  const [object] = component('keda/scaled-object.yaml');
  const [job] = component('keda-jobs/scaled-job.yaml');
  expect([object, job].map(({ spec }) => spec.maxReplicaCount)).toEqual([Number(most), Number(most)]);
  const known = helpOf('serve', 'coordinator');
  expect(known).toContain('--scaler-listen');
  expect(helpOf('serve', 'trainer')).toContain('--exit-when-idle');
});

it('a trainer has the memory of a worker, no more and no less', () => {
  const { requests, limits } = podOf('trainer').containers[0].resources;
  const [, gib] = /--memory-per-worker[\s\S]*?default:\s+(\d+) ?GiB/.exec(helpOf('run'));
  expect(limits.memory).toBe(`${gib}Gi`);
  expect(requests.memory).toBe(limits.memory);
});

it('every pod has longer to end than it gives its work, and not longer than autoscalers wait', () => {
  for (const service of SERVICES) {
    const { terminationGracePeriodSeconds: grace, containers } = podOf(service);
    const work = Number(/--grace(?:-ms)?=(\d+)/.exec(containers[0].args.join(' '))?.[1] ?? 0) / 1000;
    expect(grace, service).toBeGreaterThan(work);
    expect(grace, service).toBeLessThanOrEqual(MAXIMUM_GRACE_S);
  }
});

it('pods are held together, probed, and run without rights', () => {
  for (const service of SERVICES) {
    const pod = podOf(service);
    const { annotations } = workload(`onescan-${service}`).spec.template.metadata;
    expect(annotations['cluster-autoscaler.kubernetes.io/safe-to-evict']).toBe('false');
    expect(annotations['karpenter.sh/do-not-disrupt']).toBe('true');
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
    const [{ securityContext, startupProbe, readinessProbe }] = pod.containers;
    expect(securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    for (const probe of [startupProbe, readinessProbe]) {
      expect(probe.exec.command.slice(0, 2)).toEqual(['onescan', 'health']);
    }
  }
  const budgets = base.filter(({ kind }) => kind === 'PodDisruptionBudget');
  expect(budgets.map(({ spec }) => spec.maxUnavailable)).toEqual([1]);
});

it('nobody is reached but by those who need it', () => {
  const policies = base.filter(({ kind }) => kind === 'NetworkPolicy');
  const deny = policies.find(({ metadata }) => metadata.name === 'onescan-deny');
  expect(deny.spec).toMatchObject({ policyTypes: ['Ingress', 'Egress'] });
  expect(deny.spec.ingress).toBeUndefined();
  const reach = (name) =>
    policies
      .find(({ metadata, spec }) => metadata.name === name && spec.ingress)
      .spec.ingress.flatMap(({ from, ports }) =>
        from.map(
          (each) =>
            `${each.podSelector.matchLabels['app.kubernetes.io/name']}:${ports.map(({ port }) => port)}`,
        ),
      );
  expect(reach('onescan-fetcher')).toEqual(['onescan-coordinator:7401', 'onescan-trainer:7404']);
  expect(reach('onescan-coordinator')).toEqual(['onescan-trainer:7400']);
  // The one port serves everything, the other datasets alone, which is where trainers are sent.
  const fetcher = podOf('fetcher').containers[0].args;
  expect(fetcher).toEqual(
    expect.arrayContaining(['--listen=0.0.0.0:7401', '--datasets-listen=0.0.0.0:7404']),
  );
  expect(podOf('coordinator').containers[0].args).toContain('--datasets=onescan-fetcher:7404');
});

it('only the coordinator may call FetchPair, by its certificate', () => {
  const { data } = base.find(({ kind }) => kind === 'ConfigMap');
  expect(JSON.parse(data['roles.json'])).toEqual({
    certificates: {
      'onescan-coordinator': ['coordinator'],
      'onescan-keda': ['scaler'],
      'onescan-trainer': ['trainer'],
    },
  });
});

it('every flag that a service is given is one of its own', () => {
  for (const service of SERVICES) {
    const known = new Set(helpOf('serve', service).match(/--[a-z][a-z-]*/g));
    const given = podOf(service).containers[0].args.filter((arg) => arg.startsWith('--'));
    for (const flag of given) expect(known, `${service} ${flag}`).toContain(flag.split('=')[0]);
  }
});
