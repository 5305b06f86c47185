// The types of model-server.mjs, for the tests that run programs against it.
import type { IncomingHttpHeaders } from "node:http";

/** How the model server is started. */
export interface ModelServerOptions {
  /** The port on 127.0.0.1. Default 0: any free one. */
  port?: number;
  /** How long it waits before it answers, in milliseconds. Default 0. */
  thinkMillis?: number;
  /** How long it waits after each chunk of a stream, in milliseconds. Default 0. */
  chunkMillis?: number;
}

/** A request as it arrived. */
export interface ModelRequest {
  /** The path without `/v1`. */
  path: string;
  headers: IncomingHttpHeaders;
  body: Record<string, unknown>;
}

/** A running model server. */
export interface ModelServer {
  /** What an OpenAI client takes as `baseURL`, with `/v1`. */
  url: string;
  /** The last 1,000 requests, the oldest first. */
  requests: ModelRequest[];
  /** The tokens of all answers given, each broken-off stream counted whole. */
  usage: { input: number; output: number };
  /** Stops listening and breaks what is still open. */
  close(): Promise<void>;
}

export declare function startModelServer(options?: ModelServerOptions): Promise<ModelServer>;
