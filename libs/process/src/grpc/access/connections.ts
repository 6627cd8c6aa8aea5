import { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { certificateName } from '../tls/certificate-name.js';
import { expiryOf } from '../tls/tls-files.js';
import type { ShownCertificate } from './access.js';

interface Connection {
  readonly socket: Socket;
  /** Null: it was made without one; undefined: nothing was called yet. */
  certificate?: ShownCertificate | null;
}

/** The open TCP connections of a server and whose they are, so that those of somebody can be closed. */
export class Connections {
  readonly #open = new Map<string, Connection>();

  add(socket: Socket): void {
    // Sockets in the file system have no address, and no certificates.
    if (socket.remoteAddress === undefined) return;
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    const connection: Connection = { socket };
    this.#open.set(peer, connection);
    socket.once('close', () => {
      if (this.#open.get(peer) === connection) this.#open.delete(peer);
    });
  }

  /**
   * The certificate with which a connection was made; undefined without one.
   *
   * @param peer as gRPC calls it: "address:port"
   * @param read its bytes, asked once a connection
   */
  certificateOf(peer: string, read: () => Buffer | undefined): ShownCertificate | undefined {
    const connection = this.#open.get(peer);
    if (!connection) return shown(read());
    if (connection.certificate === undefined) connection.certificate = shown(read()) ?? null;
    return connection.certificate ?? undefined;
  }

  /** Closes those whose certificate is of a kind; their streams end, and their peers may try again. */
  closeWhere(isUnwanted: (certificate: ShownCertificate) => boolean): void {
    for (const { socket, certificate } of this.#open.values()) {
      if (certificate && isUnwanted(certificate)) socket.destroy();
    }
  }

  /** Closes those that have called nothing yet: what they showed when they were made is not known here. */
  closeUnknown(): void {
    for (const { socket, certificate } of this.#open.values()) {
      if (certificate === undefined) socket.destroy();
    }
  }
}

function shown(raw: Buffer | undefined): ShownCertificate | undefined {
  if (!raw) return undefined;
  const certificate = new X509Certificate(raw);
  return {
    raw,
    name: certificateName(certificate),
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    expires: expiryOf(certificate),
  };
}
