/** Version of the tables below. Older files are brought up to it, newer ones are refused. */
export const SCHEMA_VERSION = 8;

/** Snapshots of the tables and columns that plans found, by content hash: gzip of canonical JSON. */
const CATALOGUES = 'CREATE TABLE catalogues (sha256 VARCHAR PRIMARY KEY, snapshot BLOB NOT NULL)';

/**
 * Every scoring of a dataset's final segment, by what decides the result: `place` counts those of the same rows. They outlive
 * their runs, since what was seen cannot be unseen. `segment` is that of `protocol.score`: final or locked.
 */
const SCORINGS = (columns = '') => `CREATE TABLE scorings (
    content_sha256 VARCHAR NOT NULL, pair VARCHAR NOT NULL, horizon INTEGER NOT NULL, spec_hash VARCHAR NOT NULL,
    segment VARCHAR NOT NULL, place INTEGER NOT NULL, ${columns}PRIMARY KEY (content_sha256, pair, horizon, spec_hash))`;

/** Which prices were scored, and when: the warehouse, and the instants of the first and the last row. */
const SCORED_TIME = ['source VARCHAR', 'first_ms BIGINT', 'last_ms BIGINT'];

/** Labels of runs, to filter by. */
const LABELS = `CREATE TABLE run_labels (
    run_id VARCHAR NOT NULL, label VARCHAR NOT NULL, value VARCHAR NOT NULL, PRIMARY KEY (run_id, label))`;

/**
 * Statements that bring a file from the version before to the one that they stand under. They run in one
 * transaction with that version's number, and may find a part of their work done: of version 1 there are
 * files with and without plan_error_code, approvals and jobs. DuckDB adds no column with NOT NULL, so the
 * default stands in.
 */
export const MIGRATIONS: Readonly<Record<number, readonly string[]>> = {
  2: [
    "ALTER TABLE runs ADD COLUMN IF NOT EXISTS plan_error_code VARCHAR DEFAULT ''",
    "ALTER TABLE runs ADD COLUMN IF NOT EXISTS approvals VARCHAR DEFAULT '[]'",
    "ALTER TABLE pairs ADD COLUMN IF NOT EXISTS jobs VARCHAR DEFAULT '[]'",
    'ALTER TABLE runs ADD COLUMN ordinal BIGINT',
    `UPDATE runs SET ordinal = place FROM
       (SELECT run_id, row_number() OVER (ORDER BY created_ms, run_id) AS place FROM runs) AS ordered
     WHERE runs.run_id = ordered.run_id`,
    'ALTER TABLE pairs ADD COLUMN train_started_ms BIGINT',
    "ALTER TABLE tasks ADD COLUMN trainer_instance VARCHAR DEFAULT ''",
  ],
  3: [CATALOGUES],
  4: [
    "ALTER TABLE runs ADD COLUMN name VARCHAR DEFAULT ''",
    "ALTER TABLE runs ADD COLUMN labels VARCHAR DEFAULT '{}'",
    "ALTER TABLE runs ADD COLUMN request_id VARCHAR DEFAULT ''",
    "ALTER TABLE runs ADD COLUMN request_sha256 VARCHAR DEFAULT ''",
    'ALTER TABLE runs ADD COLUMN plan_brief VARCHAR',
    LABELS,
  ],
  5: ['reason_code', 'facts', 'remark_code', 'remark_facts'].map(
    (column) => `ALTER TABLE ledger ADD COLUMN ${column} VARCHAR`,
  ),
  6: ["ALTER TABLE tasks ADD COLUMN attempts VARCHAR DEFAULT '[]'"],
  7: [
    'ALTER TABLE runs ADD COLUMN evidence VARCHAR',
    SCORINGS(),
    `INSERT INTO scorings SELECT content, pair, horizon, spec_hash, 'final',
       row_number() OVER (PARTITION BY content, pair, horizon ORDER BY first, spec_hash)
     FROM (SELECT json_extract_string(dataset, '$.contentSha256') AS content, pair, horizon, spec_hash,
           min(runs.ordinal) AS first
         FROM tasks JOIN pairs USING (run_id, pair) JOIN runs USING (run_id)
         WHERE tasks.state = 'DONE' AND dataset IS NOT NULL GROUP BY ALL) AS scored
     WHERE content IS NOT NULL`,
  ],
  8: SCORED_TIME.map((column) => `ALTER TABLE scorings ADD COLUMN ${column}`),
};

/**
 * Tables of the state file, beside `meta` with the version. `spec`, `plan`, `evidence`, `dataset`, `summary` and `stats`
 * are protobuf JSON, so the file can be read with plain SQL; `plan_brief` is the plan without its pairs, for lists; events and documents are bytes as sent. The ledger's
 * `facts` are JSON; `reason` is the sentence of rows from before there were codes, else empty. It
 * has no index: its rows are written once, in bulk, in the transaction that makes their task DONE.
 */
export const SCHEMA: readonly string[] = [
  `CREATE TABLE runs (
    run_id VARCHAR PRIMARY KEY, created_ms BIGINT NOT NULL, ended_ms BIGINT, state VARCHAR NOT NULL,
    rerun_of VARCHAR NOT NULL, spec VARCHAR NOT NULL, plan VARCHAR, approved_by VARCHAR NOT NULL,
    pilot_approved BOOLEAN NOT NULL, problems VARCHAR NOT NULL, traceparent VARCHAR NOT NULL,
    workers_used INTEGER NOT NULL, report_path VARCHAR NOT NULL, ledger_rows BIGINT NOT NULL,
    results_sha256 VARCHAR NOT NULL, plan_error_code VARCHAR NOT NULL, approvals VARCHAR NOT NULL,
    ordinal BIGINT NOT NULL, name VARCHAR NOT NULL, labels VARCHAR NOT NULL, request_id VARCHAR NOT NULL,
    request_sha256 VARCHAR NOT NULL, plan_brief VARCHAR, evidence VARCHAR)`,
  `CREATE TABLE pairs (
    run_id VARCHAR NOT NULL, ordinal INTEGER NOT NULL, pair VARCHAR NOT NULL, state VARCHAR NOT NULL,
    dataset VARCHAR, error VARCHAR NOT NULL, fetch_seconds DOUBLE NOT NULL, statements_run INTEGER NOT NULL,
    bytes_billed UBIGINT NOT NULL, usd DOUBLE NOT NULL, jobs VARCHAR NOT NULL,
    train_started_ms BIGINT, PRIMARY KEY (run_id, pair))`,
  `CREATE TABLE tasks (
    run_id VARCHAR NOT NULL, ordinal INTEGER NOT NULL, pair VARCHAR NOT NULL, horizon INTEGER NOT NULL,
    state VARCHAR NOT NULL, attempt INTEGER NOT NULL, crashes INTEGER NOT NULL,
    out_of_memory INTEGER NOT NULL, trainer_id VARCHAR NOT NULL, error VARCHAR NOT NULL,
    spec_hash VARCHAR NOT NULL, failed_traceparent VARCHAR NOT NULL, summary VARCHAR, stats VARCHAR,
    trainer_instance VARCHAR NOT NULL, attempts VARCHAR NOT NULL, PRIMARY KEY (run_id, pair, horizon))`,
  `CREATE TABLE events (
    run_id VARCHAR NOT NULL, sequence BIGINT NOT NULL, event BLOB NOT NULL,
    PRIMARY KEY (run_id, sequence))`,
  `CREATE TABLE results (
    run_id VARCHAR NOT NULL, pair VARCHAR NOT NULL, horizon INTEGER NOT NULL, spec_hash VARCHAR NOT NULL,
    attempt INTEGER NOT NULL, document_sha256 VARCHAR NOT NULL, document BLOB NOT NULL,
    PRIMARY KEY (run_id, pair, horizon))`,
  `CREATE TABLE ledger (
    run_id VARCHAR NOT NULL, pair VARCHAR NOT NULL, horizon INTEGER NOT NULL, feature_id VARCHAR NOT NULL,
    feature_group VARCHAR NOT NULL, status VARCHAR NOT NULL, stage VARCHAR NOT NULL,
    reason VARCHAR NOT NULL, selection_frequency DOUBLE, importance DOUBLE, shap_mean_abs DOUBLE,
    rank INTEGER, rows_explained INTEGER NOT NULL, reason_code VARCHAR, facts VARCHAR, remark_code VARCHAR,
    remark_facts VARCHAR)`,
  CATALOGUES,
  LABELS,
  SCORINGS(`${SCORED_TIME.join(', ')}, `),
];
