/**
 * Flags of Node for processes that receive gigabytes. V8 collects garbage for every 64 MB of them, however small the
 * heap is that they hang on: marking that at once, in the thread itself, takes milliseconds, where steps and helper
 * threads take a third of the CPU time of receiving. The flags cannot be set once Node runs.
 */
export const FETCHER_NODE_FLAGS: readonly string[] = ['--single-threaded-gc', '--no-incremental-marking'];
