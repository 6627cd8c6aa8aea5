import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { z } from 'zod';
import { readToken } from '../tls/channel-security.js';
import { readNamedFile } from '../tls/pem-files.js';
import { CLIENT_ROLES, ROLES, type Role } from './access-table.js';

/** Shorter ones could be guessed, and found from their hash. */
const LEAST_TOKEN = 16;

/** Bits of a mode by which others than its owner can change a file. */
const OTHERS_WRITE = 0o022;

const NAME = z.string().regex(/^[\w.:@/-]{1,128}$/, 'a name has 1 to 128 letters, digits and . : @ / - _');
const GIVEN = z.array(z.enum(ROLES)).min(1).max(ROLES.length);
const SHA256 = z
  .string()
  .transform((text) => text.replaceAll(':', '').toLowerCase())
  .pipe(z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 has 64 hexadecimal digits'));

const TOKEN = z.strictObject({
  name: NAME,
  roles: GIVEN,
  /** Of the token's text, which then lies nowhere on this machine. */
  sha256: SHA256.optional(),
  /** File that holds the token. */
  file: z.string().min(1).max(4_096).optional(),
  /** Environment variable that holds it. */
  env: z
    .string()
    .regex(/^[A-Za-z_]\w{0,127}$/)
    .optional(),
});

const ROLES_FILE = z.strictObject({
  certificates: z
    .record(NAME, GIVEN)
    .refine((names) => Object.keys(names).length <= 4_096, 'at most 4,096 names')
    .default({}),
  tokens: z.array(TOKEN).max(256).default([]),
  revoked: z.array(SHA256).max(65_536).default([]),
});

/** A bearer token that is taken: hash of its text. */
export interface KnownToken {
  readonly name: string;
  readonly hash: Buffer;
  readonly roles: ReadonlySet<Role>;
}

/** Who may be what, as files say it. */
export interface AccessRules {
  /** Another one, other rules. */
  readonly version: string;
  readonly certificates: ReadonlyMap<string, ReadonlySet<Role>>;
  readonly tokens: readonly KnownToken[];
  /** SHA-256 of certificates that count no longer, as hexadecimal digits. */
  readonly revoked: ReadonlySet<string>;
}

export interface AccessFiles {
  /** JSON: names of certificates and tokens with their roles. */
  readonly rolesFile?: string;
  /** One token that has all roles of a client. */
  readonly tokenFile?: string;
}

/** What whoever has the one token of a stack is called. */
export const TOKEN_BEARER = 'the bearer of the token';

/**
 * Reads who may be what.
 *
 * @throws OnescanError naming the flag, the file and the place in it
 */
export function readAccessRules({ rolesFile, tokenFile }: AccessFiles): AccessRules {
  const { certificates, tokens, revoked } =
    rolesFile === undefined ? ROLES_FILE.parse({}) : readRoles(rolesFile);
  const known = tokens.map((token, i) => knownToken(token, `--roles: tokens.${i}`, rolesFile!));
  if (tokenFile !== undefined) {
    known.push({
      name: TOKEN_BEARER,
      hash: tokenHash(readToken(tokenFile)),
      roles: new Set(CLIENT_ROLES),
    });
  }
  const names = Object.entries(certificates).map(([name, roles]) => [name, new Set(roles)] as const);
  const facts = [
    certificates,
    known.map(({ name, hash, roles }) => [name, hash.toString('hex'), [...roles]]),
    revoked,
  ];
  return {
    version: tokenHash(JSON.stringify(facts)).toString('hex'),
    certificates: new Map(names),
    tokens: known,
    revoked: new Set(revoked),
  };
}

/** Hashes are of one length, so that comparing them tells nothing of a token's. */
export function tokenHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** What a header "authorization" says, as {@link KnownToken} holds it. */
export function bearerHash(authorization: string): Buffer {
  return tokenHash(authorization.replace(/^Bearer /i, ''));
}

function readRoles(path: string): z.infer<typeof ROLES_FILE> {
  const text = readNamedFile('--roles', path).toString('utf8');
  if (process.getuid !== undefined && (statSync(path).mode & OTHERS_WRITE) !== 0) {
    throw new OnescanError('FAILED_PRECONDITION', `--roles: others can change ${path}`, {
      remedy: `Run: chmod 600 ${path}`,
    });
  }
  const parsed = ROLES_FILE.safeParse(parseJson(path, text));
  if (parsed.success) return parsed.data;
  const { path: place, message } = parsed.error.issues[0]!;
  throw new OnescanError(
    'INVALID_ARGUMENT',
    `--roles: ${path}: ${place.join('.') || 'the file'}: ${message}`,
    {
      remedy: 'docs/security.md shows a file of roles',
    },
  );
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new OnescanError('INVALID_ARGUMENT', `--roles: ${path} is no JSON: ${(cause as Error).message}`, {
      remedy: 'docs/security.md shows a file of roles',
      cause,
    });
  }
}

function knownToken(
  { name, roles, sha256, file, env }: z.infer<typeof TOKEN>,
  place: string,
  rolesFile: string,
): KnownToken {
  if ([sha256, file, env].filter((source) => source !== undefined).length !== 1) {
    throw new OnescanError('INVALID_ARGUMENT', `${place} ("${name}") needs one of sha256, file and env`, {
      remedy: 'Give the hash of the token, a file that holds it, or the variable that does',
    });
  }
  const hash =
    sha256 === undefined
      ? tokenHash(longEnough(place, tokenText(place, { file, env }, rolesFile)))
      : Buffer.from(sha256, 'hex');
  return { name, hash, roles: new Set(roles) };
}

function tokenText(
  place: string,
  { file, env }: { file: string | undefined; env: string | undefined },
  rolesFile: string,
): string {
  // A path in the file is meant from where the file lies.
  if (file !== undefined) return readToken(resolve(dirname(rolesFile), file), place);
  const text = process.env[env!]?.trim();
  if (text) return text;
  throw new OnescanError('INVALID_ARGUMENT', `${place}: the environment has no ${env}`, {
    remedy: `Start the service with ${env}=TOKEN`,
  });
}

function longEnough(place: string, token: string): string {
  if (token.length >= LEAST_TOKEN) return token;
  throw new OnescanError('INVALID_ARGUMENT', `${place}: a token has at least ${LEAST_TOKEN} characters`, {
    remedy: 'Make one with: openssl rand -hex 32',
  });
}
