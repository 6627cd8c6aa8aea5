export interface System {
  os: string;
  cpu: string;
  libc: string;
}

export function outdatedPackages(root: string, system?: System): string[];
export function thisSystem(): System;
