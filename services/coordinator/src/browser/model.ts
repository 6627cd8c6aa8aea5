/** The messages of the coordinator as the page gets them: proto3 JSON, figures that are none as null. */
type Figure = number | null;

export interface Me {
  readonly name: string;
  readonly roles: readonly string[];
  readonly until: string;
  /** Address of a Jaeger; empty without one. */
  readonly traces: string;
  readonly version: string;
}

export interface Run {
  readonly runId: string;
  readonly state: string;
  readonly spec?: RunSpec;
  readonly plan?: Plan;
  /** By pair: columns that the plan leaves out, counted by reason. */
  readonly exclusions?: Readonly<Record<string, readonly ExclusionCount[]>>;
  readonly rerunOf: string;
  readonly createdAt?: string;
  readonly endedAt?: string;
  readonly pairs: readonly PairStatus[];
  readonly tasks: readonly TaskStatus[];
  readonly statementsRun: number;
  readonly bytesBilled: string;
  readonly usdBilled: Figure;
  readonly workersUsed: number;
  readonly problems: readonly string[];
  readonly reportPath: string;
  readonly ledgerRows: string;
  readonly resultsSha256: string;
  readonly traceId: string;
  readonly approvals: readonly Approval[];
  readonly pilot?: { readonly text: string };
  readonly tags?: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly tasksDone: number;
  readonly tasksTotal: number;
  /** All tests of the run taken together. */
  readonly evidence?: Evidence;
}

export interface RunSpec {
  readonly pairs: readonly string[];
  readonly horizons: readonly number[];
  readonly preset: string;
  readonly budgetUsd?: number;
  readonly pilotPair: string;
  readonly seed?: string;
  readonly overrides: Readonly<Record<string, string>>;
}

export interface Approval {
  readonly planHash: string;
  readonly approvedBy: string;
  readonly time?: string;
  readonly what: string;
  readonly usd: Figure;
  readonly automatic: boolean;
}

export interface Plan {
  readonly planHash: string;
  readonly pairs: readonly PairPlan[];
  readonly budgetUsd: Figure;
  readonly bytes: string;
  readonly usd: Figure;
  readonly naiveUsd: Figure;
  readonly naiveStatements: number;
  readonly warehouse: string;
  readonly warehouseName: string;
  readonly alreadyBilledUsd: Figure;
  readonly shared?: { readonly statements: readonly object[]; readonly cached: boolean };
}

export interface PairPlan {
  readonly pair: string;
  readonly statements: readonly object[];
  readonly tables: number;
  readonly columns: number;
  readonly includedColumns: number;
  readonly rows: number;
  readonly bytes: string;
  readonly usd: Figure;
  readonly cached: boolean;
  readonly notes: readonly { readonly kind: string; readonly text: string; readonly severity: number }[];
}

export interface ExclusionCount {
  readonly code: string;
  readonly columns: number;
  readonly examples: readonly string[];
  readonly text: string;
}

export interface PairStatus {
  readonly pair: string;
  readonly state: string;
  readonly error: string;
  readonly fetchSeconds: number;
}

export interface TaskStatus {
  readonly pair: string;
  readonly horizon: number;
  readonly state: string;
  readonly attempt: number;
  readonly trainerId: string;
  readonly stage: string;
  readonly fraction: number;
  readonly error: string;
  readonly summary?: HorizonSummary;
  readonly stats?: TaskStats;
  readonly attempts?: readonly Attempt[];
}

export interface Attempt {
  readonly attempt: number;
  readonly trainerId: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly outcome: string;
  readonly message: string;
  readonly stage: string;
  readonly peakRssBytes: string;
  /** Where its span can be looked at; empty without a Jaeger. */
  readonly traceUrl: string;
}

export interface HorizonSummary {
  readonly verdict: string;
  readonly verdictText: string;
  readonly auc: Figure;
  readonly accuracy: Figure;
  readonly bestBaseline: string;
  readonly bestBaselineAccuracy: Figure;
  readonly skill: Figure;
  readonly skillLow: Figure;
  readonly skillHigh: Figure;
  readonly featuresTested: number;
  readonly featuresRetained: number;
  readonly expectedFalseSelections: Figure;
  readonly suspicions: readonly Suspicion[];
}

export interface Suspicion {
  readonly featureId: string;
  readonly reason: string;
  readonly retained: boolean;
}

export interface TaskStats {
  readonly trainerId: string;
  readonly peakRssBytes: string;
  readonly memoryLimitBytes: string;
  readonly stageSeconds: Readonly<Record<string, number>>;
}

export interface Evidence {
  readonly tests: number;
  readonly tested: number;
  readonly skill: number;
  readonly skillAdjusted: number;
  readonly familyLevel: Figure;
  readonly verdictText: string;
  readonly adjusted: readonly { readonly pair: string; readonly horizon: number; readonly holm: Figure }[];
}

export interface Worker {
  readonly trainerId: string;
  readonly connected: boolean;
  readonly rssBytes: string;
  readonly peakRssBytes: string;
  readonly memoryLimitBytes: string;
  readonly workingOn: string;
}

export interface Progress {
  readonly tasksDone: number;
  readonly tasksTotal: number;
  readonly pairsFetched: number;
  readonly pairsTotal: number;
  readonly etaSeconds?: number;
}

export interface RunEvent {
  readonly sequence: string;
  readonly time?: string;
  readonly runState?: { readonly state: string; readonly problems: readonly string[] };
  readonly pair?: PairStatus;
  readonly fetchProgress?: {
    readonly pair: string;
    readonly progress?: { readonly stage: string; readonly done: string; readonly total: string };
  };
  readonly task?: TaskStatus;
  readonly worker?: Worker & { readonly workersConnected: number };
  readonly progress?: Progress;
  readonly note?: string;
}

/** A task within its run. */
export function taskKey({ pair, horizon }: Pick<TaskStatus, 'pair' | 'horizon'>): string {
  return `${pair} ${horizon}`;
}
