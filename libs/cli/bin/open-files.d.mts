export const MINIMUM_OPEN_FILES: number;
export function openFilesLimit(path?: string): number;
export function requireOpenFiles(): void;
