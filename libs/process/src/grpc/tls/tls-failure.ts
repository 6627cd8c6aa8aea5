import { type ConnectionOptions, connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { parseAddress } from '../address.js';
import { type ChannelSecurity, CLIENT_FLAGS, contextOf, isEncrypted, peerNamed } from './channel-security.js';
import { readTlsFiles } from './tls-files.js';

/** Time for one handshake, in milliseconds. */
const PROBE_MS = 3_000;

const NOT_SIGNED = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'INVALID_CA',
]);

/**
 * Why no connection to an address comes about, when TLS is the reason: grpc-js tells only that there is none. Shakes
 * hands once to find out.
 *
 * @returns undefined when TLS is not the reason
 */
export async function explainTlsFailure(
  address: string,
  security: ChannelSecurity,
): Promise<OnescanError | undefined> {
  const target = parseAddress('the address', address);
  if (target.kind === 'unix') return undefined;
  const { port } = target;
  const host = target.host.replace(/^\[(.*)\]$/, '$1');
  if (!isEncrypted(address, security)) {
    const thrown = await shakeHands({ ...peerNamed(host), port, rejectUnauthorized: false });
    return thrown === undefined || isAlert(thrown) ? speaksTls(address) : undefined;
  }
  const secureContext = contextOf(readTlsFiles(security, CLIENT_FLAGS));
  const thrown = await shakeHands({ ...peerNamed(host), port, secureContext });
  return thrown && explained(thrown, address, security);
}

/** Undefined when the server went on after the handshake. */
function shakeHands(options: ConnectionOptions): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const socket: TLSSocket = connect({ ...options, timeout: PROBE_MS });
    const end = (thrown?: NodeJS.ErrnoException): void => {
      socket.destroy();
      resolve(thrown);
    };
    const fail = (code: string) => () => end(Object.assign(new Error(code), { code }));
    // A server that refuses the client says so after the handshake of TLS 1.3; one that takes it sends its settings.
    socket.once('secureConnect', () => {
      socket
        .removeAllListeners('error')
        .on('error', (thrown) => end(isAlert(thrown) ? thrown : closedAfter(thrown)));
      socket.removeAllListeners('close').once('close', () => end(closedAfter()));
    });
    socket.once('data', () => end());
    socket.once('error', end);
    socket.once('timeout', fail('ETIMEDOUT'));
    socket.once('close', fail('ECONNRESET'));
  });
}

/** What a server does to a client whose certificate it does not want, when it says nothing. */
const CLOSED = 'ONESCAN_ALERT_CLOSED';

function closedAfter(cause?: Error): NodeJS.ErrnoException {
  return Object.assign(new Error('closed after the handshake', { cause }), { code: CLOSED });
}

function isAlert({ code = '' }: NodeJS.ErrnoException): boolean {
  return /ALERT/.test(code);
}

function explained(
  thrown: NodeJS.ErrnoException,
  address: string,
  { cert: own, ca }: ChannelSecurity,
): OnescanError | undefined {
  const { code = '' } = thrown;
  const fail = (message: string, remedy: string): OnescanError =>
    new OnescanError('UNAVAILABLE', message, { remedy, cause: thrown });
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    const { cert } = thrown as { cert?: PeerCertificate };
    const names = cert?.subjectaltname ?? `CN ${cert?.subject.CN ?? 'unknown'}`;
    return fail(
      `the certificate of ${address} is for another host: ${names}`,
      "Call the server by a name in its certificate, or make one whose subjectAltName has this name: openssl ... -addext 'subjectAltName=DNS:HOST,IP:ADDRESS'",
    );
  }
  if (code === 'CERT_HAS_EXPIRED')
    return fail(`the certificate of ${address} has expired`, "Replace the server's --tls-cert");
  if (code === 'CERT_NOT_YET_VALID') {
    return fail(`the certificate of ${address} is not yet valid`, 'Put right the clocks, or make it anew');
  }
  if (NOT_SIGNED.has(code)) {
    return fail(
      `the certificate of ${address} is not signed by an authority in ${ca}`,
      `Give the authority that signed it with ${CLIENT_FLAGS.ca}`,
    );
  }
  if (/ALERT|HANDSHAKE/.test(code)) return refused(address, own, fail);
  if (/WRONG_VERSION|PACKET_LENGTH|UNKNOWN_PROTOCOL/.test(code)) {
    return fail(`${address} does not speak TLS`, 'Start the service with --tls-cert and --tls-key');
  }
  return undefined;
}

function refused(
  address: string,
  cert: string | undefined,
  fail: (message: string, remedy: string) => OnescanError,
): OnescanError {
  return cert === undefined
    ? fail(
        `${address} asks for a certificate`,
        `Give yours with ${CLIENT_FLAGS.cert} and ${CLIENT_FLAGS.key}`,
      )
    : fail(
        `${address} refuses the certificate in ${cert}`,
        "Give one that an authority of the server's --tls-client-ca signed, and that has not expired",
      );
}

function speaksTls(address: string): OnescanError {
  return new OnescanError('UNAVAILABLE', `${address} takes calls over TLS only`, {
    remedy: `Give the authority that signed the server's certificate with ${CLIENT_FLAGS.ca} or ONESCAN_TLS_CA`,
  });
}
