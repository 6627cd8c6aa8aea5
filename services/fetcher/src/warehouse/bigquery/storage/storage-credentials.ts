import { type ChannelCredentials, credentials, Metadata } from '@grpc/grpc-js';
import { type AuthClient, GoogleAuth } from 'google-auth-library';
import { BIGQUERY_SCOPE } from '../impersonate.js';

/** TLS and the credentials of Google Cloud, renewed before they expire. */
export function googleCredentials(auth: GoogleAuth): ChannelCredentials {
  const call = credentials.createFromMetadataGenerator((_, callback) => {
    authMetadata(auth).then(
      (metadata) => callback(null, metadata),
      (thrown: Error) => callback(thrown),
    );
  });
  return credentials.combineChannelCredentials(credentials.createSsl(), call);
}

/**
 * @param projectId is looked up when not given, which the account may not be allowed to do
 * @param authClient default: the application default credentials
 */
export function googleAuth(projectId: string, authClient?: AuthClient): GoogleAuth {
  return new GoogleAuth({ projectId, ...(authClient ? { authClient } : { scopes: [BIGQUERY_SCOPE] }) });
}

/**
 * All that Google's clients send: the token, and the project whose quota is used (`x-goog-user-project`), without
 * which credentials of a user are refused.
 */
export async function authMetadata(auth: GoogleAuth): Promise<Metadata> {
  const metadata = new Metadata();
  for (const [name, value] of await auth.getRequestHeaders()) metadata.set(name, value);
  return metadata;
}
