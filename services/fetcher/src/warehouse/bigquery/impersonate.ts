import { type AuthClient, GoogleAuth, Impersonated } from 'google-auth-library';
import { bigQueryError } from './bigquery-problem.js';

/** Enough for both APIs; what the account may do with it is said by its roles. */
export const BIGQUERY_SCOPE = 'https://www.googleapis.com/auth/bigquery';
/** Asking for another's token needs it. */
const CLOUD_SCOPE = 'https://www.googleapis.com/auth/cloud-platform';

/**
 * Credentials of a service account, got with the application default ones. They are renewed before they expire.
 *
 * @param account its address, "NAME@PROJECT.iam.gserviceaccount.com"
 * @param from the project that is asked, and the IAM Credentials API where not Google's
 * @throws OnescanError UNAUTHENTICATED when there are no application default credentials
 */
export async function impersonate(
  account: string,
  { projectId, endpoint }: { projectId: string; endpoint?: string },
): Promise<AuthClient> {
  try {
    // A project that is not given is looked up, which the account may not be allowed to do.
    const auth = new GoogleAuth({ projectId, scopes: [CLOUD_SCOPE] });
    return new Impersonated({
      sourceClient: await auth.getClient(),
      targetPrincipal: account,
      targetScopes: [BIGQUERY_SCOPE],
      ...(endpoint === undefined ? {} : { endpoint }),
    });
  } catch (thrown) {
    throw bigQueryError(`impersonation of ${account}`, thrown);
  }
}
