// An OTLP endpoint on a real socket, as a collector is: keeps the names of what it is sent.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

export interface Collector {
  readonly url: string;
  /** Paths and bodies (as latin1 text, in which span names can be searched). */
  readonly requests: { readonly path: string; readonly contentType: string; readonly text: string }[];
  close(): Promise<void>;
}

export async function startCollector(): Promise<Collector> {
  const requests: Collector["requests"] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      const plain = request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body;
      const contentType = request.headers["content-type"] ?? "";
      requests.push({ path: request.url ?? "", contentType, text: plain.toString("latin1") });
      response.setHeader("content-type", contentType);
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
