// What the programs of this folder share: the real client against a server of its own, and lists read to their end.
import { randomUUID } from "node:crypto";
import { Client, type ClientConfig } from "langsmith";
import { type LocalServer, startLocalServer } from "../../src/index.js";

/** A server, and clients for it. */
export interface Bench {
  readonly server: LocalServer;
  client(options?: ClientConfig): Client;
}

export async function startBench(): Promise<Bench> {
  const server = await startLocalServer();
  return { server, client: (options) => new Client({ apiUrl: server.url, apiKey: "any", ...options }) };
}

/** A project's name that no other program has. */
export function projectName(about: string): string {
  return `${about} ${randomUUID()}`;
}

export async function listOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
