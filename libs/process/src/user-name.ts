import { userInfo } from 'node:os';

/** Name of the user whose process this is, for the record of approvals. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // Containers may run under a user id that has no name.
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}
