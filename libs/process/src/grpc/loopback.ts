const LOOPBACK = /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/i;

/** True for a host that only this machine can reach: 127.x.x.x, localhost or [::1]. */
export function isLoopbackHost(host: string): boolean {
  return LOOPBACK.test(host);
}

/** True for "host:port", with or without a scheme such as dns:///, whose host is a loopback one. */
export function isLoopbackAddress(address: string): boolean {
  return isLoopbackHost(address.replace(/^[a-z0-9]+:\/*(?=.*:\d+$)/i, '').replace(/:\d+$/, ''));
}
