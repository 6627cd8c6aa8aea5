import { isIP, type Socket } from 'node:net';
import { type ConnectionOptions, connect, createSecureContext, type SecureContext } from 'node:tls';
import {
  type CallCredentials,
  ChannelCredentials,
  type ChannelOptions,
  credentials,
  type experimental,
} from '@grpc/grpc-js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { isLoopbackAddress } from '../loopback.js';
import { HOW_TO_MAKE, readSecretFile } from './pem-files.js';
import { readTlsFiles, type TlsFiles, type TlsMaterial } from './tls-files.js';

/** How a client shows who it is and knows whom it calls. Paths only, so that it can be handed to other threads. */
export interface ChannelSecurity extends TlsFiles {
  /** File of the bearer token that goes with every call. */
  readonly tokenFile?: string;
}

/** What a client's files are called in messages. */
export const CLIENT_FLAGS = { cert: '--tls-cert', key: '--tls-key', ca: '--tls-ca' };

/**
 * Credentials of a channel to "host:port" or "unix:/path". A socket's folder lets only its owner in, so nothing is
 * encrypted there; with an authority to believe, all else is; without one only this machine itself is called.
 *
 * @throws OnescanError INVALID_ARGUMENT for a plain target on another machine, and as readTlsFiles
 */
export function channelCredentials(address: string, security: ChannelSecurity = {}): ChannelCredentials {
  if (isUnix(address)) return credentials.createInsecure();
  if (security.ca !== undefined) return new FileCredentials(address, security);
  if (security.cert !== undefined || security.key !== undefined) {
    throw new OnescanError('INVALID_ARGUMENT', `${CLIENT_FLAGS.cert} is given without ${CLIENT_FLAGS.ca}`, {
      remedy: `Give the authority that signed the server's certificate with ${CLIENT_FLAGS.ca}; ${HOW_TO_MAKE}`,
    });
  }
  if (isLoopbackAddress(address)) return credentials.createInsecure();
  throw new OnescanError('INVALID_ARGUMENT', `refusing to call ${address} without TLS`, {
    remedy: `Give the authority that signed the server's certificate with ${CLIENT_FLAGS.ca} or ONESCAN_TLS_CA; ${HOW_TO_MAKE}`,
  });
}

/** True when calls to an address are encrypted. */
export function isEncrypted(address: string, security: ChannelSecurity): boolean {
  return !isUnix(address) && security.ca !== undefined;
}

/**
 * The bearer token in a file.
 *
 * @throws OnescanError NOT_FOUND, FAILED_PRECONDITION when it cannot be read or others can, INVALID_ARGUMENT when it
 *   holds what cannot be sent
 */
export function readToken(path: string, flag = '--token-file'): string {
  const token = readSecretFile(flag, path).toString('latin1').trim();
  if (/^[\x21-\x7e]{1,4096}$/.test(token)) return token;
  throw new OnescanError('INVALID_ARGUMENT', `${flag}: ${path} holds no token`, {
    remedy: 'A token is one line without spaces; make one with: openssl rand -hex 32',
  });
}

function isUnix(address: string): boolean {
  return address.startsWith('unix:');
}

/**
 * TLS with what the files hold when a connection is made: certificates that were replaced are used from the next
 * connection on. While the files are broken, what they last held is. The connection is made here, since grpc-js asks
 * for addresses as if they were host names, which Node warns of.
 */
class FileCredentials extends ChannelCredentials {
  readonly #host: string;
  readonly #files: TlsFiles;
  #material: TlsMaterial;
  #context: SecureContext;

  constructor(address: string, files: TlsFiles) {
    super();
    this.#host = hostOf(address);
    this.#files = files;
    this.#material = readTlsFiles(files, CLIENT_FLAGS);
    this.#context = contextOf(this.#material);
  }

  override _isSecure(): boolean {
    return true;
  }

  override _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  override _createSecureConnector(
    _target: Parameters<ChannelCredentials['_createSecureConnector']>[0],
    _options: ChannelOptions,
    callCredentials: CallCredentials = credentials.createEmpty(),
  ): experimental.SecureConnector {
    return {
      connect: (socket) => this.#shakeHands(socket),
      waitForReady: () => Promise.resolve(),
      getCallCredentials: () => callCredentials,
      destroy: () => undefined,
    };
  }

  #shakeHands(plain: Socket): Promise<experimental.SecureConnectResult> {
    return new Promise((resolve, reject) => {
      const secureContext = this.#latest();
      const socket = connect({ socket: plain, secureContext, ...peerNamed(this.#host) });
      socket.once('secureConnect', () => resolve({ socket, secure: true }));
      socket.on('error', reject);
      socket.once('close', () => reject(new Error('the server closed the connection while shaking hands')));
    });
  }

  #latest(): SecureContext {
    try {
      const material = readTlsFiles(this.#files, CLIENT_FLAGS);
      if (material.version !== this.#material.version) this.#context = contextOf(material);
      this.#material = material;
    } catch {
      // Half replaced, or removed for a moment: the peer says whether what was there is still good.
    }
    return this.#context;
  }
}

/** Options of a handshake with a server of a name or an address, which its certificate must be for. */
export function peerNamed(host: string): ConnectionOptions {
  return { host, ALPNProtocols: ['h2'], ...(isIP(host) === 0 ? { servername: host } : {}) };
}

/** Context of a client. */
export function contextOf({ ca, identity }: TlsMaterial): SecureContext {
  return createSecureContext({
    ...(ca ? { ca: ca.pem } : {}),
    ...(identity ? { cert: identity.cert, key: identity.key } : {}),
    minVersion: 'TLSv1.2',
  });
}

/** Host of "host:port", with or without a scheme such as dns:///. */
function hostOf(address: string): string {
  return address.replace(/^.*\/|:\d+$/g, '').replace(/^(dns|ipv4|ipv6):|^\[|\]$/g, '');
}
