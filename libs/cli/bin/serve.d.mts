export type ServiceName = 'fetcher' | 'coordinator' | 'trainer';
export const SERVICES: readonly ServiceName[];
export function serviceEntry(name: ServiceName): string;
export function serve(argv: readonly string[]): Promise<void>;
