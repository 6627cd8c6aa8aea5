import type { ResultDocument } from './result-document.js';

/** Calls whose stated confidence lies in [low, high), and the share of them that was right. */
export interface ReliabilityBin {
  low: number;
  high: number;
  calls: number;
  accuracy: number;
}

/**
 * Reliability of the stated confidence max(p, 1 - p). The document tells calls and accuracy at or above
 * each threshold; the difference between neighbours is what lies between them. Empty bins are left out.
 */
export function reliabilityBins({ rows, final, gating }: ResultDocument): ReliabilityBin[] {
  const all = { threshold: 0.5, calls: rows.final, accuracy: final.direction.accuracy };
  const edges = [all, ...gating.thresholds].map(({ threshold, calls, accuracy }) => ({
    threshold,
    calls,
    right: calls * (accuracy.value ?? 0),
  }));
  return edges.flatMap((edge, i) => {
    const next = edges[i + 1] ?? { threshold: 1, calls: 0, right: 0 };
    const calls = edge.calls - next.calls;
    if (calls <= 0) return [];
    return [
      { low: edge.threshold, high: next.threshold, calls, accuracy: (edge.right - next.right) / calls },
    ];
  });
}
