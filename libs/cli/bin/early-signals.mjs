// Imported before everything else of a service. The kernel does not deliver signals to process 1 of a container that has no
// handler for them: until the service has its own, nothing has begun that would have to be ended in order.
for (const signal of ['SIGTERM', 'SIGINT']) {
  process.on(signal, () => {
    if (process.listenerCount(signal) === 1) process.exit(0);
  });
}
