// The faults of what lies on disk: whose it is, what is written at the end of a process, and what is damaged there.
import { type ChildProcess, execFileSync } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Case, Row } from "./cases.js";
import { type Bench, type Child, openBench, received } from "./harness.js";

const RETRY = { initialDelayMillis: 100, maxDelayMillis: 2_000 };

export const DISK_CASES: Case[] = [containers(), exitsAtOnce(), damagedFiles()];

/** Each in a space of process numbers of its own, as containers are; where that is not allowed, as plain processes. */
function isContainable(): boolean {
  try {
    execFileSync("unshare", ["--pid", "--fork", "--kill-child", "--mount-proc", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function containers(): Case {
  const name = "containers with one host name on one spool, one of them killed";
  return {
    name,
    isLongOnly: true,
    run: (scale) =>
      measured(name, "0 of those ended 100 ms before", async (bench, row) => {
        const isContained = isContainable();
        const spool = join(bench.dir, "spool");
        // The first one's way to the service is closed: what it has is on the disk alone.
        bench.server.behave = ({ headers }) =>
          headers["x-api-key"] === "first" ? { do: "answer", status: 503 } : { do: "take" };
        const start = (apiKey: string, runs: number) =>
          bench.start(
            {
              seed: apiKey,
              runs,
              perSecond: 200,
              ending: "none",
              delivery: { apiKey, spool: { dir: spool, mode: "always" } },
            },
            isContained,
          );
        const first = start("first", 100_000);
        await first.until("sent");
        const second = start("second", 10);
        await second.until("all_sent");
        await wait(4_000 * scale.time);
        const killedAt = performance.now();
        first.process.kill("SIGKILL");
        await first.exited;
        const promised = [...first.ended].filter(([, at]) => at < killedAt - 100).map(([id]) => id);
        const third = start("third", 10);
        const arrived = () =>
          promised.filter((id) => bench.server.runs.get(id)?.fields["end_time"] !== undefined).length;
        for (let waited = 0; waited < 20_000 && arrived() < promised.length; waited += 50) await wait(50);
        for (const child of [second, third]) await killed(child);
        Object.assign(row, { runs: promised.length, received: arrived(), lost: promised.length - arrived() });
        if (promised.length === 0) row.faults.push("nothing had ended");
      }),
  };
}

function exitsAtOnce(): Case {
  const name = "process.exit and uncaught errors right after spans end, spool";
  return {
    name,
    run: (scale) =>
      measured(name, "0", async (bench, row) => {
        const spool = join(bench.dir, "spool");
        const ways = scale.isLong ? ["exit", "throw", "reject", "in_handler"] : ["exit"];
        await bench.server.stop();
        for (const how of ways) await bench.startExits(spool, how);
        await bench.server.start();
        await emptied(bench, spool);
        // 97 calls, one inside another that never ends, one of the authoring API, and one that ends in a handler.
        const runs = ways.length * 99 + (ways.includes("in_handler") ? 1 : 0);
        const ended = [...bench.server.runs.values()].filter((run) => run.fields["end_time"] !== undefined);
        const whole = ended.length;
        Object.assign(row, { runs, received: whole, lost: runs - whole });
      }),
  };
}

function damagedFiles(): Case {
  const name = "damaged files in the spool: changed bytes, an end that is missing";
  return {
    name,
    run: (scale) =>
      measured(name, "the damaged runs, counted", async (bench, row) => {
        const spool = join(bench.dir, "spool");
        await bench.server.stop();
        const seeds = ["a", "b"];
        for (const seed of seeds) {
          await bench.start({ seed, runs: scale.runs, shutdownMillis: 500, delivery: { spool: { dir: spool } } })
            .exited;
        }
        const names = (await readdir(spool)).filter((file) => file.endsWith(".spool")).sort();
        for (const [at, file] of names.entries()) {
          const bytes = await readFile(join(spool, file));
          bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0xff;
          await writeFile(join(spool, file), at === 0 ? bytes : bytes.subarray(0, -20));
        }
        await bench.server.start();
        const heir = await emptied(bench, spool);
        let whole = 0;
        for (const seed of seeds) whole += received(bench.server, seed, scale.runs).whole;
        const lost = scale.runs * 2 - whole;
        const stats = heir.done()?.stats;
        // A damaged patch is one operation of a run that has arrived without its end.
        if ((stats?.lost.unreadable ?? 0) < lost)
          row.faults.push(`lost ${lost}, counted ${JSON.stringify(stats?.lost)}`);
        if (lost > 4) row.faults.push(`${lost} lost with two or three records damaged`);
        const kept = (await readdir(spool)).filter((file) => file.endsWith(".unreadable")).length;
        if (kept !== names.length) row.faults.push(`${kept} of ${names.length} damaged files kept`);
        Object.assign(row, { runs: scale.runs * 2, received: whole, lost: 0 });
        row.lost = lost;
      }),
  };
}

/** A process that sends what is there, and ends. */
async function emptied(bench: Bench, spool: string): Promise<Child> {
  const heir = bench.start({ seed: "heir", runs: 1, waitForSpool: true, delivery: { spool: { dir: spool } } });
  await heir.exited;
  bench.server.runs.delete([...bench.server.runs.keys()].find((id) => isOf(heir, id)) ?? "");
  return heir;
}

const isOf = (child: Child, id: string) => child.ended.has(id);

async function killed(child: Child): Promise<void> {
  const { process }: { process: ChildProcess } = child;
  process.kill("SIGKILL");
  await child.exited;
}

async function measured(name: string, allowed: string, work: (bench: Bench, row: Writable<Row>) => Promise<void>) {
  const bench = await openBench({ delivery: { retry: RETRY } });
  const began = performance.now();
  const row = { name, runs: 0, received: 0, repeated: 0, lost: 0, allowed, peakMegabytes: 0, seconds: 0, faults: [] };
  const made: Writable<Row> = row;
  try {
    await work(bench, made);
    if (made.lost > 0 && allowed.startsWith("0")) made.faults.push(`${made.lost} lost`);
    made.repeated = bench.server.repeated;
    made.peakMegabytes = Math.round(bench.peakBytes() / 1_048_576);
    made.seconds = Math.round((performance.now() - began) / 100) / 10;
    return made;
  } finally {
    await bench.close();
  }
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

const wait = (millis: number) => new Promise((resolve) => setTimeout(resolve, millis));
