import type { X509Certificate } from 'node:crypto';

/** Names that can stand in lists, logs and ids: no spaces, nothing that could be taken for two names. */
const NAME = /^[\w.:@/-]{1,128}$/;

/**
 * The name by which a certificate's owner is known: its common name, else its first DNS name or URI; undefined when it
 * has none that can be used.
 */
export function certificateName({ subject, subjectAltName }: X509Certificate): string | undefined {
  const common = /^CN=(.*)$/m.exec(subject ?? '')?.[1];
  const name = common ?? /(?:^|, )(?:DNS|URI):([^,"]+)(?:,|$)/.exec(subjectAltName ?? '')?.[1];
  return name !== undefined && NAME.test(name) ? name : undefined;
}
