// Runs child programs against a service that misbehaves, and counts what arrived.
import { type ChildProcess, fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type MisbehavingServer, startMisbehavingServer } from "../delivery/misbehaving-server.js";
import { type ChildMessage, type ChildOptions, contentOf, runId } from "./child.js";

export type Done = Extract<ChildMessage, { type: "done" }>;

/** A child at work. */
export interface Child {
  readonly process: ChildProcess;
  /** Ids whose end was handed in, with the parent's time when it heard of it. */
  readonly ended: Map<string, number>;
  readonly done: () => Done | undefined;
  /** Resolves when the child says so. */
  until(type: ChildMessage["type"]): Promise<void>;
  /** Resolves when the process is gone. */
  readonly exited: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
}

/** A child's options, as far as they differ; the address is the bench's own. */
export type ChildChanges = Partial<Omit<ChildOptions, "delivery">> & {
  delivery?: Partial<ChildOptions["delivery"]>;
};

export interface Bench {
  readonly server: MisbehavingServer;
  readonly dir: string;
  /** @param isContained in a space of process numbers of its own, as in a container */
  start(options: ChildChanges & { seed: string }, isContained?: boolean): Child;
  /** A program of spans that ends right after them; resolves when it is gone. */
  startExits(spool: string, how: string): Promise<void>;
  /** The most that a child that has ended had in memory. */
  peakBytes(): number;
  /** A program of spans through the processor, with the journal on. */
  startSpans(spool: string, perSecond: number): Child;
  close(): Promise<void>;
}

const PROCESSOR_CHILD = fileURLToPath(new URL("./processor-child.ts", import.meta.url));
const EXITS = fileURLToPath(new URL("../processor/exits-at-once.ts", import.meta.url));
const UNSHARE = ["--pid", "--fork", "--kill-child", "--mount-proc", process.execPath];
const CHILD = fileURLToPath(new URL("./child.ts", import.meta.url));

export async function openBench(defaults: ChildChanges): Promise<Bench> {
  const server = await startMisbehavingServer();
  const dir = await mkdtemp(join(tmpdir(), "otel-langsmith-faults-"));
  const children: ChildProcess[] = [];

  let peakBytes = 0;

  function start(options: ChildChanges & { seed: string }, isContained = false): Child {
    const whole: ChildOptions = {
      runs: 1_000,
      perSecond: 2_000,
      shutdownMillis: 60_000,
      ending: "shutdown",
      ...defaults,
      ...options,
      delivery: {
        apiKey: "a-key",
        batchDelayMillis: 50,
        ...defaults.delivery,
        ...options.delivery,
        apiUrl: server.url,
      },
    };
    return follow(
      fork(CHILD, {
        ...(isContained && { execPath: "unshare" }),
        execArgv: [...(isContained ? UNSHARE : []), "--import", "tsx"],
        env: { ...process.env, FAULTS_CHILD: JSON.stringify(whole) },
        stdio: ["ignore", "ignore", "inherit", "ipc"],
      }),
    );
  }

  function follow(child: ChildProcess): Child {
    children.push(child);
    const ended = new Map<string, number>();
    let done: Done | undefined;
    const heard = new Set<string>();
    const listeners = new Set<() => void>();
    child.on("message", (message: ChildMessage) => {
      if (message.type === "sent") for (const id of message.ids) ended.set(id, performance.now());
      if (message.type === "done") done = message;
      peakBytes = Math.max(peakBytes, done?.peakBytes ?? 0);
      heard.add(message.type);
      for (const listener of [...listeners]) listener();
    });
    const exited = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
      child.once("exit", (code, signal) => resolve({ code, signal }));
    });
    return {
      process: child,
      ended,
      done: () => done,
      exited,
      until: (type) =>
        new Promise((resolve, reject) => {
          const check = () => {
            if (!heard.has(type)) return;
            listeners.delete(check);
            resolve();
          };
          listeners.add(check);
          void exited.then(() => (heard.has(type) ? resolve() : reject(new Error(`the child ended before ${type}`))));
          check();
        }),
    };
  }

  return {
    server,
    dir,
    start,
    peakBytes: () => peakBytes,
    async startExits(spool, how) {
      const args = [server.url, spool, "failures", "processor", how];
      await follow(fork(EXITS, args, { execArgv: ["--import", "tsx"], stdio: ["ignore", "ignore", "ignore", "ipc"] }))
        .exited;
    },
    startSpans: (spool, perSecond) =>
      follow(
        fork(PROCESSOR_CHILD, [server.url, spool, String(perSecond)], {
          execArgv: ["--import", "tsx"],
          stdio: ["ignore", "ignore", "inherit", "ipc"],
        }),
      ),
    async close() {
      for (const child of children) if (child.exitCode === null) child.kill("SIGKILL");
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** What the service has of the runs 0 to `count` of a seed. */
export function received(
  server: MisbehavingServer,
  seed: string,
  count: number,
): { whole: number; missing: number[]; wrong: number[] } {
  const missing: number[] = [];
  const wrong: number[] = [];
  let whole = 0;
  for (let n = 0; n < count; n += 1) {
    const stored = server.runs.get(runId(seed, n));
    if (!stored || stored.fields["end_time"] === undefined) {
      missing.push(n);
      continue;
    }
    const { inputs, outputs } = contentOf(n);
    if (holds(stored.fields["inputs"], inputs) && holds(stored.fields["outputs"], outputs)) whole += 1;
    else wrong.push(n);
  }
  return { whole, missing, wrong };
}

function holds(value: unknown, expected: Record<string, unknown>): boolean {
  return Object.entries(expected).every(
    ([key, entry]) => typeof value === "object" && value !== null && Reflect.get(value, key) === entry,
  );
}

/** Operations the service has stored: posts and patches. */
export function storedOperations(server: MisbehavingServer): number {
  let operations = 0;
  for (const run of server.runs.values()) operations += (run.post ? 1 : 0) + (run.patch ? 1 : 0);
  return operations;
}
