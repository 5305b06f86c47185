// The faults, one by one: what the service or the machine does, and what may be lost by it.
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Behaviour, MisbehavingServer } from "../delivery/misbehaving-server.js";
import { GENEROUS_INFO } from "../delivery/misbehaving-server.js";
import { runId } from "./child.js";
import { DISK_CASES } from "./disk-cases.js";
import { type Bench, type Child, type ChildChanges, openBench, received, storedOperations } from "./harness.js";

/** What a case came to. */
export interface Row {
  readonly name: string;
  readonly runs: number;
  readonly received: number;
  /** Operations that the service saw again and took only once. */
  readonly repeated: number;
  readonly lost: number;
  /** What the case itself names as lost. */
  readonly allowed: string;
  readonly peakMegabytes: number;
  readonly seconds: number;
  /** What is not as it must be. */
  readonly faults: string[];
}

/** Durations and counts: `long` as promised, `short` for every test run. */
export interface Scale {
  readonly isLong: boolean;
  readonly runs: number;
  /** Factor on the durations of faults. */
  readonly time: number;
}

export const LONG: Scale = { isLong: true, runs: 1_000, time: 1 };
export const SHORT: Scale = { isLong: false, runs: 300, time: 0.1 };

export interface Case {
  readonly name: string;
  /** Left out of the short form. */
  readonly isLongOnly?: boolean;
  run(scale: Scale): Promise<Row>;
}

const RETRY = { initialDelayMillis: 100, maxDelayMillis: 2_000 };

interface Plain {
  name: string;
  isLongOnly?: boolean;
  child?: (scale: Scale, bench: Bench) => ChildChanges;
  /** Sets the service up; may return what goes on beside the child. */
  fault?: (server: MisbehavingServer, scale: Scale, child: () => Child) => Promise<void> | void;
  /** Runs that may be lost, of all. */
  allowed?: (runs: number, child: ChildChanges) => number;
  allowedBecause?: string;
  /** Speak only of runs whose end was handed in: the others are nobody's loss. */
  isOnlyEnded?: boolean;
  check?: (server: MisbehavingServer, row: Row, child: Child, scale: Scale) => string[];
}

/** One child from start to shutdown while the service misbehaves. */
function plain(options: Plain): Case {
  return {
    name: options.name,
    ...(options.isLongOnly ? { isLongOnly: true } : {}),
    async run(scale) {
      const bench = await openBench({ delivery: { retry: RETRY } });
      const began = performance.now();
      try {
        const config = {
          runs: scale.runs,
          shutdownMillis: scale.isLong ? 60_000 : 10_000,
          ...options.child?.(scale, bench),
        };
        let child: Child | undefined;
        await options.fault?.(bench.server, scale, () => child as Child);
        child = bench.start({ seed: "a", ...config });
        const { code } = await child.exited;
        const done = child.done();
        const { whole, wrong } = received(bench.server, "a", config.runs);
        const runs = options.isOnlyEnded ? child.ended.size : config.runs;
        const lost = runs - whole;
        const allowed = options.allowed?.(config.runs, config) ?? 0;
        const faults: string[] = [];
        if (code !== 0) faults.push(`the child ended with ${code}`);
        if (lost > allowed) faults.push(`${lost} lost, ${allowed} allowed`);
        if (wrong.length > 0) faults.push(`${wrong.length} runs stored with other content`);
        faults.push(...ledgerFaults(bench.server, done, lost));
        const row: Row = {
          name: options.name,
          runs,
          received: whole,
          repeated: bench.server.repeated,
          lost,
          allowed: options.allowedBecause ?? "0",
          peakMegabytes: Math.round((done?.peakBytes ?? 0) / 1_048_576),
          seconds: Math.round((performance.now() - began) / 100) / 10,
          faults,
        };
        faults.push(...(options.check?.(bench.server, row, child, scale) ?? []));
        return row;
      } finally {
        await bench.close();
      }
    },
  };
}

/** Nothing changed by a repeat, nothing sent that the service would refuse, and counters that equal what was answered. */
function ledgerFaults(server: MisbehavingServer, done: ReturnType<Child["done"]>, lost: number): string[] {
  const faults: string[] = [];
  if (server.changed > 0) faults.push(`${server.changed} operations changed by a repeat`);
  if (server.refusals.length > 0) faults.push(`broke the service's rules: ${server.refusals[0]}`);
  if (!done) return [...faults, "the child did not report"];
  const counted = Object.values(done.stats.lost).reduce((sum, runs) => sum + runs, 0);
  if (done.stats.sent !== storedOperations(server)) {
    faults.push(`counted ${done.stats.sent} sent, the service has ${storedOperations(server)}`);
  }
  if (lost > 0 && counted < lost) faults.push(`lost ${lost}, counted ${counted}`);
  if (lost === 0 && counted > 0) faults.push(`lost none, counted ${counted} (${JSON.stringify(done.stats.lost)})`);
  return faults;
}

/** A behaviour for as long as the fault lasts, counted from the first request. */
function during(server: MisbehavingServer, millis: number, behaviour: Behaviour): void {
  let began: number | undefined;
  server.behave = (request) => {
    began ??= request.at;
    return request.at - began < millis ? behaviour : { do: "take" };
  };
}

/** Every nth request. */
function every(server: MisbehavingServer, n: number, behaviour: Behaviour): void {
  server.behave = (_, index) => (index % n === 0 ? behaviour : { do: "take" });
}

const wait = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));

export const CASES: Case[] = [
  plain({
    name: "503 for 10 s",
    fault: (server, { time }) => during(server, 10_000 * time, { do: "answer", status: 503 }),
  }),
  plain({
    name: "429 with Retry-After",
    fault(server, { time }) {
      let first: number | undefined;
      server.behave = (request) => {
        first ??= request.at;
        return request.at - first < 3_000 * time
          ? { do: "answer", status: 429, headers: { "retry-after": "1" } }
          : { do: "take" };
      };
    },
    check(server) {
      const refused = server.requests.filter((request) => request.status === 429);
      // Four may be under way when the first is refused; after that nobody comes before the second is over.
      const late = refused.slice(4);
      const first = refused[0]?.at ?? 0;
      return late.some((request) => request.at - first < 900)
        ? ["came back before the time that Retry-After named"]
        : [];
    },
  }),
  plain({
    name: "connection refused for 10 s",
    async fault(server, { time }) {
      await server.stop();
      void wait(10_000 * time + 500).then(() => server.start());
    },
  }),
  plain({ name: "reset before the body was taken", fault: (server) => every(server, 3, { do: "reset_before" }) }),
  plain({ name: "reset in the middle of the body", fault: (server) => every(server, 3, { do: "reset_middle" }) }),
  plain({
    name: "reset after the body was taken",
    fault: (server) => every(server, 3, { do: "reset_after" }),
    check: (server) => (server.repeated === 0 ? ["nothing was repeated, so nothing was tried"] : []),
  }),
  plain({
    name: "taken, but answered with 502",
    fault: (server) => every(server, 3, { do: "take_then_answer", status: 502 }),
    check: (server) => (server.repeated === 0 ? ["nothing was repeated, so nothing was tried"] : []),
  }),
  plain({
    name: "a hang of 15 s",
    child: ({ time }) => ({ delivery: { requestTimeoutMillis: 5_000 * time } }),
    fault: (server, { time }) => {
      server.behave = (_, index) => (index < 2 ? { do: "hang", millis: 15_000 * time } : { do: "take" });
    },
  }),
  plain({
    name: "one bad run in every 100",
    child: () => ({ badEvery: 100 }),
    allowed: (runs) => runs / 100,
    allowedBecause: "the bad runs",
  }),
  ...([403, 500] as const).map((status) =>
    plain({
      name: `one run that is answered with ${status}, alone or among others`,
      fault: (server, { runs }) => {
        const poisoned = runId("a", (runs >> 1) + 1);
        server.behave = ({ operations }) =>
          operations.some((key) => key.endsWith(poisoned))
            ? { do: "answer", status, body: "<html>blocked</html>" }
            : { do: "take" };
      },
      allowed: () => 1,
      allowedBecause: "that run",
      check: (server, { seconds }) =>
        seconds > 30 || server.requests.length > 200 ? [`${seconds} s, ${server.requests.length} requests`] : [],
    }),
  ),
  plain({
    name: "a flush and a shutdown after an outage of 20 s, 256 KiB queue, spool",
    child: ({ isLong }, { dir }) => ({
      runs: isLong ? 1_000 : 400,
      padding: 2_000,
      isFlushed: true,
      delivery: { queue: { maxBytes: 262_144 }, spool: { dir: join(dir, "spool") } },
    }),
    async fault(server, { time }) {
      await server.stop();
      void wait(20_000 * time + 500).then(() => server.start());
    },
    check: (_, __, child) => {
      const { spooled = 0, onDisk = 0 } = child.done()?.stats ?? {};
      if (spooled === 0) return ["nothing went to the spool, so nothing was tried"];
      return onDisk > 0 ? [`${onDisk} were left on disk`] : [];
    },
  }),
  plain({
    name: "one 30 MB run in every 100",
    child: ({ isLong }) => ({ bigEvery: 100, bigBytes: 30_000_000, ...(isLong ? {} : { runs: 200 }) }),
    check: (server) => {
      const cut = [...server.runs.values()].filter((run) => JSON.stringify(run.fields["inputs"]).includes("…cut: "));
      return cut.length === 0 ? ["no run says that it was cut"] : [];
    },
  }),
  plain({
    name: "404 on multipart",
    fault: (server) => {
      server.behave = (request) =>
        request.path === "/runs/multipart" ? { do: "answer", status: 404 } : { do: "take" };
    },
  }),
  plain({
    name: "/info fails",
    fault: (server) => {
      server.info = (response: import("node:http").ServerResponse) => response.writeHead(500).end("no");
    },
  }),
  plain({
    name: "/info lies",
    fault: (server) => {
      server.info = {
        ...GENEROUS_INFO,
        batch_ingest_config: { use_multipart_endpoint: "yes", size_limit: -3, size_limit_bytes: 1e12 },
        instance_flags: { gzip_body_enabled: true, zstd_compression_enabled: false },
      };
      // It says gzip and cannot read it.
      server.behave = (request) =>
        request.headers["content-encoding"]
          ? { do: "answer", status: 400, body: '{"error":"malformed body"}' }
          : { do: "take" };
    },
  }),
  plain({
    name: "/info hangs",
    fault: (server) => {
      server.info = () => {};
    },
  }),
  plain({
    name: "SIGTERM",
    child: () => ({ ending: "signal" as const, perSecond: 1_000 }),
    fault: (_, __, child) => signalHalfway(child, "SIGTERM"),
    isOnlyEnded: true,
    allowedBecause: "0 of those handed in",
  }),
  plain({
    name: "SIGINT",
    child: () => ({ ending: "signal" as const, perSecond: 1_000 }),
    fault: (_, __, child) => signalHalfway(child, "SIGINT"),
    isOnlyEnded: true,
    allowedBecause: "0 of those handed in",
  }),
  plain({ name: "process.exit after shutdown()", child: () => ({ ending: "exit_after_shutdown" as const }) }),
  plain({ name: "clock set back by an hour (Date patched)", child: () => ({ isClockSetBack: true }) }),
  plain({
    name: "10,000 runs in one trace",
    child: ({ isLong }) => ({ shape: "flat" as const, runs: isLong ? 10_000 : 2_000, perSecond: 5_000 }),
  }),
  plain({ name: "500 levels deep", child: () => ({ shape: "deep" as const, runs: 500 }) }),
  plain({
    name: "down throughout, no spool, 1 MiB queue",
    child: () => ({
      padding: 2_000,
      shutdownMillis: 500,
      delivery: { queue: { maxBytes: 1_048_576 } },
    }),
    fault: (server) => server.stop(),
    allowed: (runs) => runs,
    allowedBecause: "what exceeds the queue, and the queue at shutdown",
    check: (_, row) => (row.lost === row.runs ? [] : ["something arrived at a service that was down"]),
  }),
];

function signalHalfway(child: () => Child, signal: NodeJS.Signals): void {
  const poll = setInterval(() => {
    const started = child();
    if (!started) return;
    clearInterval(poll);
    void started.until("halfway").then(
      () => started.process.kill(signal),
      () => {},
    );
  }, 10);
}

CASES.push(
  killed("SIGKILL at random moments, journal on", (bench, spool, kill) =>
    bench.start({
      seed: `kill${kill}`,
      runs: 100_000,
      perSecond: 1_000,
      ending: "none",
      delivery: { spool: { dir: spool, mode: "always" } },
    }),
  ),
  killed("SIGKILL at random moments, journal on, spans through the processor", (bench, spool) =>
    bench.startSpans(spool, 1_000),
  ),
  {
    name: "two processes on one spool",
    run: async (scale) => {
      const bench = await openBench({ delivery: { retry: RETRY } });
      const began = performance.now();
      const faults: string[] = [];
      const delivery = { spool: { dir: join(bench.dir, "spool") } };
      try {
        await bench.server.stop();
        const first = ["a", "b"].map((seed) => bench.start({ seed, runs: scale.runs, delivery, shutdownMillis: 500 }));
        await Promise.all(first.map((child) => child.exited));
        const onDisk = first.reduce((sum, child) => sum + (child.done()?.stats.onDisk ?? 0), 0);
        if (onDisk < scale.runs * 2) faults.push(`${onDisk} operations on disk for ${scale.runs * 2} runs`);
        await bench.server.start();
        const heirs = ["c", "d"].map((seed) => bench.start({ seed, runs: scale.runs, delivery, waitForSpool: true }));
        await Promise.all(heirs.map((child) => child.exited));
        let whole = 0;
        for (const seed of ["a", "b", "c", "d"]) whole += received(bench.server, seed, scale.runs).whole;
        const sent = heirs.reduce((sum, child) => sum + (child.done()?.stats.sent ?? 0), 0);
        if (bench.server.repeated > 0) faults.push(`${bench.server.repeated} operations sent by both`);
        if (sent !== storedOperations(bench.server))
          faults.push(`counted ${sent}, stored ${storedOperations(bench.server)}`);
        const lost = scale.runs * 4 - whole;
        if (lost > 0) faults.push(`${lost} lost`);
        return {
          name: "two processes on one spool",
          runs: scale.runs * 4,
          received: whole,
          repeated: bench.server.repeated,
          lost,
          allowed: "0",
          peakMegabytes: Math.round(Math.max(...heirs.map((child) => child.done()?.peakBytes ?? 0)) / 1_048_576),
          seconds: Math.round((performance.now() - began) / 100) / 10,
          faults,
        };
      } finally {
        await bench.close();
      }
    },
  },
  {
    name: "down for 60 s at 1,000 runs/s, 16 MiB queue, spool",
    run: async (scale) => {
      const bench = await openBench({ delivery: { retry: RETRY } });
      const began = performance.now();
      const faults: string[] = [];
      const runs = scale.isLong ? 60_000 : 3_000;
      try {
        await bench.server.stop();
        const child = bench.start({
          seed: "a",
          runs,
          perSecond: 1_000,
          padding: 1_000,
          waitForSpool: true,
          delivery: {
            queue: { maxBytes: scale.isLong ? 16 * 1_048_576 : 1_048_576 },
            spool: { dir: join(bench.dir, "spool") },
          },
        });
        await child.until("all_sent");
        await bench.server.start();
        await child.exited;
        const done = child.done();
        const { whole, wrong } = received(bench.server, "a", runs);
        const lost = runs - whole;
        if (lost > 0) faults.push(`${lost} lost`);
        if (wrong.length > 0) faults.push(`${wrong.length} stored with other content`);
        if ((done?.stats.spooled ?? 0) === 0) faults.push("nothing went to the spool, so nothing was tried");
        faults.push(...ledgerFaults(bench.server, done, lost));
        const megabytes = Math.round((done?.peakBytes ?? 0) / 1_048_576);
        if (megabytes > 300) faults.push(`peak memory of ${megabytes} MB`);
        return {
          name: "down for 60 s at 1,000 runs/s, 16 MiB queue, spool",
          runs,
          received: whole,
          repeated: bench.server.repeated,
          lost,
          allowed: "0",
          peakMegabytes: megabytes,
          seconds: Math.round((performance.now() - began) / 100) / 10,
          faults,
        };
      } finally {
        await bench.close();
      }
    },
  },
  diskFull(),
  ...DISK_CASES,
);

/** Children that are killed, and an heir that sends what they left. */
function killed(name: string, start: (bench: Bench, spool: string, kill: number) => Child): Case {
  return {
    name,
    run: async (scale) => {
      const bench = await openBench({ delivery: { retry: RETRY } });
      const began = performance.now();
      const faults: string[] = [];
      const spool = join(bench.dir, "spool");
      const promised: string[] = [];
      // The short form runs beside other tests, where a turn of the child's event loop may take longer than that.
      const grace = scale.isLong ? 100 : 500;
      try {
        for (let kill = 0; kill < (scale.isLong ? 5 : 2); kill += 1) {
          // Half of the time the service is slow, so that requests are under way at the kill.
          bench.server.behave = () => (Math.random() < 0.5 ? { do: "hang", millis: 200 } : { do: "take" });
          const child = start(bench, spool, kill);
          await child.until("sent");
          await wait(grace + 300 + Math.random() * 1_500);
          const killedAt = performance.now();
          child.process.kill("SIGKILL");
          await child.exited;
          for (const [id, at] of child.ended) if (at < killedAt - grace) promised.push(id);
        }
        bench.server.behave = () => ({ do: "take" });
        const heir = bench.start({
          seed: "heir",
          runs: 10,
          delivery: { spool: { dir: spool, mode: "always" } },
          waitForSpool: true,
        });
        await heir.exited;
        const missing = promised.filter((id) => bench.server.runs.get(id)?.fields["end_time"] === undefined).length;
        if (promised.length === 0) faults.push("nothing had ended");
        if (missing > 0) faults.push(`${missing} of ${promised.length} runs that had ended 100 ms before were lost`);
        if (bench.server.changed > 0) faults.push(`${bench.server.changed} operations changed by a repeat`);
        if (bench.server.refusals.length > 0) faults.push(`broke the service's rules: ${bench.server.refusals[0]}`);
        const left = (await readdir(spool)).filter((file) => file.endsWith(".spool"));
        if (left.length > 0) faults.push(`left behind: ${left.join(", ")}`);
        return {
          name,
          runs: promised.length,
          received: promised.length - missing,
          repeated: bench.server.repeated,
          lost: missing,
          allowed: "0 of those ended 100 ms before",
          peakMegabytes: Math.round((heir.done()?.peakBytes ?? 0) / 1_048_576),
          seconds: Math.round((performance.now() - began) / 100) / 10,
          faults,
        };
      } finally {
        await bench.close();
      }
    },
  };
}

function diskFull(): Case {
  const isMountable = process.platform === "linux" && process.getuid?.() === 0;
  const name = isMountable ? "disk full (a tmpfs of 1 MiB)" : "disk full (write errors injected)";
  return {
    name,
    run: async (scale) => {
      const bench = await openBench({ delivery: { retry: RETRY } });
      const began = performance.now();
      const faults: string[] = [];
      const dir = join(bench.dir, "spool");
      let isMounted = false;
      try {
        if (isMountable) {
          mkdirSync(dir);
          execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", dir]);
          isMounted = true;
        }
        await bench.server.stop();
        const child = bench.start({
          seed: "a",
          runs: scale.runs,
          padding: 4_000,
          waitForSpool: true,
          ...(isMountable ? {} : { diskBytes: 1_048_576 }),
          delivery: { queue: { maxBytes: 131_072 }, spool: { dir } },
        });
        await child.until("all_sent");
        await bench.server.start();
        await child.exited;
        const done = child.done();
        const { whole, wrong } = received(bench.server, "a", scale.runs);
        const lost = scale.runs - whole;
        const counted = done?.stats.lost.spool_full ?? 0;
        if (wrong.length > 0) faults.push(`${wrong.length} stored with other content`);
        // A MiB of disk and an eighth of memory, in runs of about 5 kB.
        if (whole < 150) faults.push(`only ${whole} arrived`);
        if (lost === 0) faults.push("the disk was never full");
        if (counted < lost) faults.push(`lost ${lost}, counted ${counted}`);
        faults.push(...ledgerFaults(bench.server, done, lost));
        return {
          name,
          runs: scale.runs,
          received: whole,
          repeated: bench.server.repeated,
          lost,
          allowed: "what neither memory nor disk could hold",
          peakMegabytes: Math.round((done?.peakBytes ?? 0) / 1_048_576),
          seconds: Math.round((performance.now() - began) / 100) / 10,
          faults,
        };
      } finally {
        if (isMounted) execFileSync("umount", ["-l", dir]);
        await bench.close();
      }
    },
  };
}
