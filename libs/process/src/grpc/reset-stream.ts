import { constants, type ServerHttp2Stream } from 'node:http2';

/** What grpc-js keeps between a handler's call and its HTTP/2 stream. */
interface Layer {
  readonly call?: Layer;
  readonly nextCall?: Layer;
  readonly stream?: Pick<ServerHttp2Stream, 'close'>;
}

/**
 * Ends a call at once, with what is still to be sent. grpc-js offers no way: its statuses wait behind the messages
 * before them, for a reader that reads nothing. Does nothing where grpc-js is built otherwise; the status then
 * goes out when the reader or its connection ends.
 */
export function resetStream(call: object): void {
  let layer: Layer | undefined = call as Layer;
  while (layer && !layer.stream) layer = layer.call ?? layer.nextCall;
  layer?.stream?.close(constants.NGHTTP2_CANCEL);
}
