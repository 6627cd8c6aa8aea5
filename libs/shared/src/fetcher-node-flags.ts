/**
 * Flags of Node for processes that receive gigabytes. Every 64 MB of them V8 collects garbage; the heap beside them is
 * small, and marking it on helper threads costs more than in the thread itself: a fifth of the CPU time of receiving.
 * They cannot be set once Node runs.
 */
export const FETCHER_NODE_FLAGS: readonly string[] = ['--single-threaded-gc'];
