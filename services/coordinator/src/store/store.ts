import { gunzipSync, gzipSync } from 'node:zlib';
import { blobValue, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api';
import type { RunEvent } from '@onescan/contract/generated/onescan/v1/coordinator.js';
import type { LedgerRow } from '@onescan/contract/generated/onescan/v1/result.js';
import type { PairRecord, RunRecord, RunSnapshot, TaskRecord } from '../model/run-record.js';
import { taskKey } from '../model/run-record.js';
import { deleteOldEvents, readEvents, readLastSequence } from './event-table.js';
import {
  countLedger,
  exportLedger,
  type LedgerCount,
  type LedgerFilter,
  type LedgerTotal,
  type RankedFeature,
  readTaskLedger,
  readTopFeatures,
  totalLedger,
} from './ledger-table.js';
import { openStateFile, type StateFile } from './open-state-file.js';
import {
  bytesOf,
  pairFromRow,
  pairRow,
  type Row,
  runFromRow,
  runRow,
  taskFromRow,
  taskRow,
} from './record-rows.js';
import { requireDiskRoom } from './require-disk-room.js';
import { deleteRun, insertRun } from './run-table.js';
import { Serial } from './serial.js';
import { backUpState, type StateBackup } from './state-backup.js';
import { isFatal, stateProblem } from './state-damage.js';
import { Uses } from './uses.js';
import { insert, insertEvents, insertResult, type ResultToStore, update } from './write-rows.js';

/** A task's result as stored. */
export interface StoredResult {
  pair: string;
  horizon: number;
  specHash: string;
  attempt: number;
  documentSha256: string;
  document: Uint8Array;
}

/** Everything that one transaction writes. */
export interface Commit {
  readonly run?: RunRecord;
  readonly pairs: readonly PairRecord[];
  readonly tasks: readonly TaskRecord[];
  readonly events: readonly RunEvent[];
  readonly result?: ResultToStore;
}

/** The coordinator's durable state, one instance a folder; writes are transactions, one at a time. */
export class Store {
  readonly #file: StateFile;
  readonly #stateDir: string;
  readonly #writes = new Serial();
  readonly #uses = new Uses();
  #onFatal: (thrown: unknown) => void = () => undefined;

  /** Another number after every write. */
  version = 0;

  private constructor(file: StateFile, stateDir: string) {
    this.#file = file;
    this.#stateDir = stateDir;
  }

  /** @throws OnescanError FAILED_PRECONDITION when another coordinator uses the folder, DATA_LOSS when it is damaged */
  static async open(stateDir: string): Promise<Store> {
    return new Store(await openStateFile(stateDir), stateDir);
  }

  /** Calls back when this process can no longer use the file; nothing that was committed is lost. */
  whenFatal(callback: (thrown: unknown) => void): void {
    this.#onFatal = callback;
  }

  /** Writes a new run. */
  createRun(run: RunRecord, events: readonly RunEvent[]): Promise<void> {
    return this.#transaction(async (writer) => {
      await insertRun(writer, run);
      await insertEvents(writer, events);
    });
  }

  /** Removes all that is stored of a run. */
  deleteRun(runId: string): Promise<void> {
    return this.#transaction((writer) => deleteRun(writer, runId));
  }

  /** Reads from the table of runs, see run-table.ts. */
  readRunTable<T>(read: (reader: DuckDBConnection) => Promise<T>): Promise<T> {
    return this.#reading(read);
  }

  /** Replaces a run's pairs and tasks, as planning does. */
  replacePairsAndTasks(
    runId: string,
    records: { pairs: readonly PairRecord[]; tasks: readonly TaskRecord[] },
  ): Promise<void> {
    return this.#transaction(async (writer) => {
      await writer.run('DELETE FROM pairs WHERE run_id = $1', [runId]);
      await writer.run('DELETE FROM tasks WHERE run_id = $1', [runId]);
      for (const pair of records.pairs) await insert(writer, 'pairs', pairRow(pair));
      for (const task of records.tasks) await insert(writer, 'tasks', taskRow(task));
    });
  }

  /** Writes changed records, their events, and a result with its ledger: all or nothing. */
  commit(commit: Commit): Promise<void> {
    return this.#transaction(async (writer) => {
      if (commit.run) await update(writer, 'runs', runRow(commit.run), ['run_id']);
      for (const pair of commit.pairs) await update(writer, 'pairs', pairRow(pair), ['run_id', 'pair']);
      for (const task of commit.tasks) {
        await update(writer, 'tasks', taskRow(task), ['run_id', 'pair', 'horizon']);
      }
      if (commit.result) await insertResult(writer, commit.result);
      await insertEvents(writer, commit.events);
    });
  }

  /** Runs begun since a time that have statements of which it is not known what they were billed. */
  async readRunsOfUnknownBills(sinceMs: number): Promise<string[]> {
    const rows = await this.#read(
      `SELECT run_id FROM runs WHERE created_ms >= $1 AND run_id IN
        (SELECT run_id FROM pairs WHERE list_contains(json_extract_string(jobs, '$[*].billingUnknown'), 'true'))
        ORDER BY ordinal`,
      [BigInt(Math.floor(sinceMs))],
    );
    return rows.map((row) => String(row.run_id));
  }

  /** A run with its pairs and tasks; undefined when there is none of this id. */
  async readRun(runId: string): Promise<RunSnapshot | undefined> {
    const [row] = await this.#read('SELECT * FROM runs WHERE run_id = $1', [runId]);
    if (!row) return undefined;
    const pairs = await this.#read('SELECT * FROM pairs WHERE run_id = $1 ORDER BY ordinal', [runId]);
    const tasks = await this.#read('SELECT * FROM tasks WHERE run_id = $1 ORDER BY ordinal', [runId]);
    return {
      run: runFromRow(row),
      pairs: new Map(pairs.map(pairFromRow).map((pair) => [pair.pair, pair])),
      tasks: new Map(tasks.map(taskFromRow).map((task) => [taskKey(task.pair, task.horizon), task])),
    };
  }

  /** Events with a higher sequence number, in order. */
  readEvents(runId: string, afterSequence: bigint, limit: number): Promise<RunEvent[]> {
    return this.#reading((reader) => readEvents(reader, { runId, afterSequence, limit }));
  }

  /** Removes events that are kept no longer; how many. */
  async deleteOldEvents(kept: { keep: number; endedBeforeMs: number }): Promise<number> {
    let removed = 0;
    await this.#transaction(async (writer) => {
      removed = await deleteOldEvents(writer, kept);
    });
    return removed;
  }

  /** Highest sequence number of a run's events; 0 when there are none. */
  readLastSequence(runId: string): Promise<bigint> {
    return this.#reading((reader) => readLastSequence(reader, runId));
  }

  async readResult(runId: string, pair: string, horizon: number): Promise<StoredResult | undefined> {
    const sql = 'SELECT * FROM results WHERE run_id = $1 AND pair = $2 AND horizon = $3';
    const [row] = await this.#read(sql, [runId, pair, horizon]);
    if (!row) return undefined;
    return {
      pair,
      horizon,
      specHash: String(row.spec_hash),
      attempt: Number(row.attempt),
      documentSha256: String(row.document_sha256),
      document: bytesOf(row.document),
    };
  }

  /** Hashes of a run's documents by task key. */
  async readDocumentHashes(runId: string): Promise<Map<string, string>> {
    const sql = 'SELECT pair, horizon, document_sha256 AS sha256 FROM results WHERE run_id = $1';
    const rows = await this.#read(sql, [runId]);
    return new Map(rows.map((row) => [taskKey(String(row.pair), Number(row.horizon)), String(row.sha256)]));
  }

  /** Keeps snapshots of the catalogue, each once, by the hash of its content. */
  async putCatalogues(snapshots: Iterable<readonly [sha256: string, snapshot: Uint8Array]>): Promise<void> {
    const packed = [...snapshots].map(([sha256, snapshot]) => [sha256, gzipSync(snapshot)] as const);
    await this.#transaction(async (writer) => {
      for (const [sha256, snapshot] of packed) {
        await writer.run('INSERT OR IGNORE INTO catalogues VALUES ($1, $2)', [sha256, blobValue(snapshot)]);
      }
    });
  }

  /** Undefined when none of this hash was kept. */
  async readCatalogue(sha256: string): Promise<Uint8Array | undefined> {
    const [row] = await this.#read('SELECT snapshot FROM catalogues WHERE sha256 = $1', [sha256]);
    return row && gunzipSync(bytesOf(row.snapshot));
  }

  readTaskLedger(filter: LedgerFilter): Promise<LedgerRow[]> {
    return this.#reading((reader) => readTaskLedger(reader, filter));
  }

  countLedger(runId: string): Promise<LedgerCount[]> {
    return this.#reading((reader) => countLedger(reader, runId));
  }

  totalLedger(runId: string): Promise<LedgerTotal[]> {
    return this.#reading((reader) => totalLedger(reader, runId));
  }

  /** By rank, retained ones only. */
  readTopFeatures(task: LedgerFilter, limit: number): Promise<RankedFeature[]> {
    return this.#reading((reader) => readTopFeatures(reader, task, limit));
  }

  /** Writes a run's ledger to a Parquet file. */
  exportLedger(runId: string, path: string): Promise<void> {
    return this.#apart((connection) => exportLedger(connection, runId, path));
  }

  /** Copies the state, as it is at one moment, beside itself; the latest `keep` copies stay. */
  backUp(nowMs: number, keep: number): Promise<StateBackup> {
    const { path: statePath } = this.#file;
    return this.#apart((connection) =>
      backUpState(connection, { stateDir: this.#stateDir, statePath, nowMs, keep }),
    );
  }

  /** Waits for what is under way; nothing can be read or written after it. */
  async close(): Promise<void> {
    await this.#uses.end();
    this.#file.close();
  }

  /**
   * Checks that the disk has room to write, with what a checkpoint needs: DuckDB survives a full disk while it
   * appends, but not while it checkpoints.
   *
   * @throws OnescanError RESOURCE_EXHAUSTED with the figures
   */
  requireRoom(): Promise<void> {
    return requireDiskRoom(this.#file.path);
  }

  #transaction(write: (writer: DuckDBConnection) => Promise<void>): Promise<void> {
    return this.#uses.run(() => this.#writes.run(() => this.#write(write)));
  }

  async #write(write: (writer: DuckDBConnection) => Promise<void>): Promise<void> {
    const { writer } = this.#file;
    await this.requireRoom();
    await writer.run('BEGIN TRANSACTION');
    try {
      await write(writer);
      await writer.run('COMMIT');
      this.version++;
    } catch (thrown) {
      await writer.run('ROLLBACK').catch(() => undefined);
      const problem = this.#problem(thrown);
      if (isFatal(thrown)) this.#onFatal(problem);
      throw problem;
    }
  }

  /** Work on a connection of its own, beside reads and writes. */
  #apart<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    return this.#use(async () => {
      const connection = await this.#file.connect();
      return work(connection).finally(() => connection.closeSync());
    });
  }

  #problem(thrown: unknown): unknown {
    return stateProblem(thrown, this.#stateDir, this.#file.path);
  }

  #read(sql: string, values: DuckDBValue[]): Promise<Row[]> {
    return this.#reading(async (reader) => (await reader.runAndReadAll(sql, values)).getRowObjects());
  }

  #reading<T>(read: (reader: DuckDBConnection) => Promise<T>): Promise<T> {
    return this.#use(() => read(this.#file.reader));
  }

  async #use<T>(use: () => Promise<T>): Promise<T> {
    try {
      return await this.#uses.run(use);
    } catch (thrown) {
      throw this.#problem(thrown);
    }
  }
}
