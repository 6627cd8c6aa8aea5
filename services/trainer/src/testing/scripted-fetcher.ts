import {
  FetcherServiceService,
  type ReadDatasetRequest,
  type ReadDatasetResponse,
} from '@onescan/contract/generated/onescan/v1/fetcher.js';
import { OnescanError } from '@onescan/contract/onescan-error.js';
import { serverStream } from '@onescan/process/grpc/handlers.js';
import { type RunningServer, startServer } from '@onescan/process/grpc/start-server.js';

/** Bytes a chunk. */
export const CHUNK_BYTES = 64 * 1024;

/** A fetcher for tests that only serves one file, unless it has another for the dataset asked for, over a real socket. */
export class ScriptedFetcher {
  /** Offsets that clients asked for. */
  asked: number[] = [];
  /** Chunks after which a stream breaks off. */
  cutAfterChunks = Infinity;
  /** Files by dataset. */
  readonly files = new Map<string, Buffer>();
  readonly #file: Buffer;
  #server: RunningServer | undefined;

  private constructor(file: Buffer) {
    this.#file = file;
  }

  static async start(file: Buffer): Promise<ScriptedFetcher> {
    const fetcher = new ScriptedFetcher(file);
    fetcher.#server = await startServer({
      listen: '127.0.0.1:0',
      healthNames: [],
      register: (grpc) => {
        const unused = (): never => {
          throw new Error('not part of this test');
        };
        grpc.addService(FetcherServiceService, {
          estimatePair: unused,
          fetchPair: unused,
          cancelFetch: unused,
          listDatasets: unused,
          verifyDataset: unused,
          deleteDataset: unused,
          listQueryJobs: unused,
          readDataset: serverStream((request: ReadDatasetRequest) => fetcher.#chunks(request)),
        });
      },
    });
    return fetcher;
  }

  get address(): string {
    return this.#server!.address;
  }

  async stop(): Promise<void> {
    await this.#server?.shutdown(0);
  }

  async *#chunks({ datasetId, offset }: ReadDatasetRequest): AsyncGenerator<ReadDatasetResponse> {
    if (datasetId === 'unknown') throw new OnescanError('NOT_FOUND', `no dataset ${datasetId}`);
    this.asked.push(Number(offset));
    const file = this.files.get(datasetId) ?? this.#file;
    let sent = 0;
    for (let at = Number(offset); at < file.length; at += CHUNK_BYTES) {
      if (sent++ >= this.cutAfterChunks) throw new OnescanError('UNAVAILABLE', 'the fetcher restarts');
      const chunk = file.subarray(at, at + CHUNK_BYTES);
      yield { offset: BigInt(at), chunk, totalBytes: BigInt(file.length) };
    }
  }
}
