import { userInfo } from 'node:os';

/** Name of the person who runs the command, for the record of approvals. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // Containers may run under a user id that has no name.
    return `user ${process.getuid?.() ?? 'unknown'}`;
  }
}
