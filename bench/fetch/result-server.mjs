// A process of its own: serves the packed result of a pair by the Storage Read API, made up as it is sent, and
// pages of a table of the same width by REST.
import { createServer } from 'node:http';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import {
  doubleListColumn,
  encodeRecordBatch,
  encodeSchema,
  integerColumn,
} from '@onescan/e2e/testing/fake-bigquery/encode-arrow.js';
import * as messages from '@onescan/fetcher/testing/warehouse/bigquery/storage/storage-messages.js';
import { cellValue, keyOf, placeOf, SAMPLE_WIDTH, tableWidths } from './packed-shape.mjs';

/** A record batch of BigQuery is about a megabyte. */
const BATCH_ROWS = 8192;
const STREAMS = 4;
/** BigQuery ends a page of rows at 10 MB of JSON. */
const PAGE_BYTES = 10_000_000;

const { rows, columns, tables } = JSON.parse(process.argv[2]);
const widths = [SAMPLE_WIDTH, ...tableWidths(columns, tables)];
const total = rows * widths.length;
/** @type {readonly { name: string, type: string, mode: 'NULLABLE' | 'REPEATED' }[]} */
const FIELDS = [
  { name: 'row_index', type: 'INT64', mode: 'NULLABLE' },
  { name: 'key', type: 'INT64', mode: 'NULLABLE' },
  { name: 'part', type: 'INT64', mode: 'NULLABLE' },
  { name: 'numbers', type: 'FLOAT64', mode: 'REPEATED' },
  { name: 'texts', type: 'STRING', mode: 'REPEATED' },
];

function recordBatch(start, count) {
  const rowIndex = new BigInt64Array(count);
  const key = new BigInt64Array(count);
  const part = new BigInt64Array(count);
  const offsets = new Uint32Array(count + 1);
  const places = Array.from({ length: count }, (_, i) => placeOf(start + i, rows, widths.length));
  places.forEach((place, i) => {
    offsets[i + 1] = offsets[i] + widths[place.part];
  });
  const numbers = new Float64Array(offsets[count]);
  places.forEach((place, i) => {
    rowIndex[i] = BigInt(place.row);
    key[i] = BigInt(keyOf(place.row));
    part[i] = BigInt(place.part);
    const at = offsets[i];
    for (let c = 0; c < widths[place.part]; c++) numbers[at + c] = cellValue(place.part, c, place.row);
  });
  /** @type {import('@onescan/e2e/testing/fake-bigquery/encode-arrow.js').EncodedColumn} */
  const noTexts = {
    nodes: [
      [count, 0],
      [0, 0],
    ],
    buffers: [
      new Uint8Array(),
      new Uint8Array(4 * (count + 1)),
      new Uint8Array(),
      new Uint8Array(4),
      new Uint8Array(),
    ],
  };
  return encodeRecordBatch(count, [
    integerColumn(rowIndex),
    integerColumn(key),
    integerColumn(part),
    doubleListColumn(offsets, numbers),
    noTexts,
  ]);
}

async function readRows(call) {
  const { stream, offset } = call.request;
  const own = Number(stream.split('/').at(-1));
  const end = Math.floor(((own + 1) * total) / STREAMS);
  for (let at = Math.floor((own * total) / STREAMS) + offset; at < end && !call.cancelled; ) {
    const count = Math.min(BATCH_ROWS, end - at);
    const room = call.write({ recordBatch: recordBatch(at, count), rowCount: count });
    if (!room) await new Promise((resolve) => call.once('drain', resolve));
    at += count;
  }
  call.end();
}

const method = (name, rest) => ({ path: `/${messages.READ_SERVICE}/${name}`, requestStream: false, ...rest });
const grpc = new Server({ 'grpc.max_send_message_length': -1 });
grpc.addService(
  {
    createReadSession: method('CreateReadSession', {
      responseStream: false,
      requestDeserialize: messages.decodeCreateReadSession,
      responseSerialize: messages.encodeReadSession,
    }),
    readRows: method('ReadRows', {
      responseStream: true,
      requestDeserialize: messages.decodeReadRows,
      responseSerialize: messages.encodeReadRowsResponse,
    }),
  },
  {
    createReadSession: ({ request }, callback) =>
      callback(null, {
        schema: encodeSchema(FIELDS),
        streams: Array.from({ length: STREAMS }, (_, i) => `${request.table}/streams/${i}`),
      }),
    readRows,
  },
);
const port = await new Promise((resolve, reject) => {
  grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
    error ? reject(error) : resolve(bound),
  );
});

/** One page, sent again and again: only the client is measured. */
function restPage() {
  const wide = columns + TARGETS;
  const cells = Array.from({ length: wide }, (_, c) => ({ v: String(cellValue(1, c, c) * 1.0000001) }));
  const row = JSON.stringify({ f: cells });
  const count = Math.max(1, Math.floor(PAGE_BYTES / row.length));
  const list = Array.from({ length: count }, () => row).join(',');
  return `{"kind":"bigquery#tableDataList","totalRows":"${rows}","pageToken":"next","rows":[${list}]}`;
}

const TARGETS = 7;
let page;
const http = createServer((request, response) => {
  const fields = Array.from({ length: columns + TARGETS }, (_, c) => ({
    name: `c${c}`,
    type: 'FLOAT',
    mode: 'NULLABLE',
  }));
  const isData = request.url.split('?')[0].endsWith('/data');
  if (isData) page ??= restPage();
  const body = isData ? page : JSON.stringify({ schema: { fields }, numRows: `${rows}` });
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(body);
});
http.listen(0, '127.0.0.1', () => {
  const address = /** @type {import('node:net').AddressInfo} */ (http.address());
  process.send({
    storage: `127.0.0.1:${port}`,
    rest: `http://127.0.0.1:${address.port}`,
    resultRows: total,
  });
});
