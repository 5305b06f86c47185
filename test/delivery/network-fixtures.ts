// What stands between a delivery and the service: certificates made at test time, TLS in front, a proxy, child processes.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";

export interface Certificate {
  readonly certPath: string;
  readonly key: Buffer;
  readonly cert: Buffer;
}

/** A self-signed certificate for `localhost`, in a directory that `remove` deletes. */
export function makeCertificate(): Certificate & { remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), "otel-langsmith-tls-"));
  const [keyPath, certPath] = [join(dir, "key.pem"), join(dir, "cert.pem")];
  const kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  execFileSync("openssl", ["req", "-x509", ...kind, "-keyout", keyPath, "-out", certPath, ...names], {
    stdio: "ignore",
  });
  return {
    certPath,
    key: readFileSync(keyPath),
    cert: readFileSync(certPath),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

export interface Front {
  readonly port: number;
  /** Connections that came, and those whose handshake came to an end. */
  readonly seen: { connections: number; handshakes: number };
  show(certificate: Certificate): void;
  stop(): Promise<void>;
}

/** TLS in front of a plain server on this machine. */
export async function startTlsFront(backPort: number, certificate: Certificate): Promise<Front> {
  const seen = { connections: 0, handshakes: 0 };
  const { key, cert } = certificate;
  const server = createTlsServer({ key, cert }, (socket) => {
    seen.handshakes += 1;
    joinSockets(socket, connect(backPort, "127.0.0.1"));
  });
  server.on("connection", () => {
    seen.connections += 1;
  });
  server.on("tlsClientError", () => {});
  const listening = await listen(server);
  return { ...listening, seen, show: ({ key, cert }) => server.setSecureContext({ key, cert }) };
}

export interface ConnectProxy {
  readonly port: number;
  readonly url: string;
  /** What it was asked to connect to, `host:port`, in order. */
  readonly asked: string[];
  stop(): Promise<void>;
}

/** A proxy that knows CONNECT and nothing else; every name is this machine. */
export async function startConnectProxy(): Promise<ConnectProxy> {
  const asked: string[] = [];
  const server = createHttpServer((_, response) => response.writeHead(405).end());
  server.on("connect", (request, socket: Socket, head) => {
    asked.push(request.url ?? "");
    const upstream = connect(Number((request.url ?? "").split(":").at(-1)), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.write(head);
    });
    joinSockets(socket, upstream);
  });
  const listening = await listen(server);
  return { ...listening, url: `http://127.0.0.1:${listening.port}`, asked };
}

function joinSockets(one: Socket, other: Socket): void {
  one.pipe(other);
  other.pipe(one);
  one.on("error", () => other.destroy());
  other.on("error", () => one.destroy());
}

async function listen(server: Server): Promise<{ port: number; stop(): Promise<void> }> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Waits for a condition; the test's own time is the bound. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

export interface Child {
  /** Everything it has written so far. */
  readonly out: () => string;
  /** Ends its standard input, which tells it to end; resolves with its exit code. */
  end(): Promise<number | null>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  readonly exited: Promise<number | null>;
}

/** Runs TypeScript text in a process of its own, with nothing of this process's environment but `PATH`. */
export function startChild(program: string, env: Record<string, string> = {}, args: readonly string[] = []): Child {
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program, "--", ...args], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["pipe", "pipe", "pipe"],
  });
  let out = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text: string) => {
      out += text;
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  return {
    out: () => out,
    exited,
    end() {
      child.stdin.end();
      return exited;
    },
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** A module of `src` as a child process imports it. */
export function sourceUrl(path: string): string {
  return JSON.stringify(new URL(`../../src/${path}`, import.meta.url).href);
}
