import { expect, it } from 'vitest';
import type { Invocation } from '../context.js';
import { securityOf } from './security.js';

function security(global: object, env: Record<string, string> = {}): object {
  return securityOf({ global, terminal: { cwd: '/home/alice', env } } as unknown as Invocation);
}

it('takes the flags, relative to where the command was typed', () => {
  expect(
    security({ tlsCa: 'ca.crt', tlsCert: '/etc/a.crt', tlsKey: '../a.key', tokenFile: 'token' }),
  ).toEqual({
    ca: '/home/alice/ca.crt',
    cert: '/etc/a.crt',
    key: '/home/a.key',
    tokenFile: '/home/alice/token',
  });
});

it('takes the environment where a flag is missing, and nothing where both are', () => {
  const env = { ONESCAN_TLS_CA: 'env.crt', ONESCAN_TLS_CERT: 'own.crt', ONESCAN_TLS_KEY: 'own.key' };
  expect(security({ tlsCa: 'flag.crt' }, { ...env, ONESCAN_TOKEN_FILE: '' })).toEqual({
    ca: '/home/alice/flag.crt',
    cert: '/home/alice/own.crt',
    key: '/home/alice/own.key',
  });
  expect(security({})).toEqual({});
});
