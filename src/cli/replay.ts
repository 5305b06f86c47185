// `otel-langsmith replay DIR`: sends what was kept on disk, and removes what was sent.
import { randomBytes } from "node:crypto";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ITEM_OVERHEAD_BYTES, type Item, partsBytes } from "../delivery/item.js";
import { encodeParts, type Part } from "../delivery/multipart.js";
import { type OpenDelivery, openDelivery } from "../delivery/open.js";
import type { Environment } from "../options/environment.js";
import { failureOf } from "../service/answers.js";
import { backoffMillis } from "../service/backoff.js";
import { type ServiceError, toServiceError } from "../service/errors.js";
import { destinationTag, tagOf } from "../spool/owners.js";
import { readPlainFile, readSegment } from "../spool/read-segment.js";
import { decodeRecords, type Recorded } from "../spool/record.js";
import { isNewerName, parseSegmentName } from "../spool/segment.js";
import { type Destination, destinationOf } from "./destination.js";
import type { Output } from "./output.js";
import { createProgress } from "./progress.js";
import { readSdkFile, sdkFiles } from "./sdk-files.js";

interface Wanted {
  readonly dir: string;
  readonly isDryRun: boolean;
  readonly withRefused: boolean;
  readonly lane: string | undefined;
  readonly giveUpMillis: number;
}

/** Runs the command; resolves to its exit code: 0 all sent, 1 something is left, 2 it was called wrongly. */
export async function replay(args: readonly string[], env: Environment, out: Output): Promise<number> {
  const wanted = readArgs(args);
  if (typeof wanted === "string") return fail(out, wanted);
  const found = await inventory(wanted).catch(() => undefined);
  if (!found)
    return fail(
      out,
      `${wanted.dir} cannot be read. Name the directory of LANGSMITH_FAILED_TRACES_DIR or of the option spool.`,
    );
  const destination = destinationOf(env);
  const own = ownTagOf(destination);
  if (found.tags.size > 1 && wanted.lane === undefined) {
    const listed = listOf(found.tags, own);
    return fail(out, `${wanted.dir} holds operations for several destinations: ${listed}. Choose one with --lane.`);
  }
  const [only] = found.tags.keys();
  const tag = wanted.lane ?? only;
  // What was meant for one destination is not sent to another, but where somebody says so.
  const isForeign = wanted.lane === undefined && only !== undefined && only !== own;
  if (tag && found.tags.size > 0 && !found.tags.has(tag)) {
    out.write(`${wanted.dir}: nothing of lane ${tag}; there are ${listOf(found.tags, own)}\n`);
  }
  const total = (tag ? (found.tags.get(tag) ?? 0) : 0) + found.files.length + found.refused.length;
  out.write(
    `${wanted.dir}: ${tag ? (found.tags.get(tag) ?? 0) : 0} operation(s) in the spool, ${found.files.length} file(s) of the langsmith SDK` +
      `${found.refusedFiles.length > 0 ? `, ${found.refused.length} of the refused runs` : ""}\n`,
  );
  for (const line of found.unreadable) out.write(`left: ${line}\n`);
  if (isForeign) {
    out.write(
      `They were meant for another destination than this environment's (address, workspace, or a name of its own): ${listOf(found.tags, own)}. ` +
        `To send them here all the same: --lane ${only}\n`,
    );
    if (!wanted.isDryRun) return 2;
  }
  if (wanted.isDryRun) return total === 0 ? 0 : 1;
  if (total === 0) return 0;
  if (typeof destination === "string") return fail(out, destination);
  const { apiKey, workspaceId, apiUrl } = destination;
  const opened = openDelivery(
    {
      apiUrl,
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(workspaceId === undefined ? {} : { workspaceId }),
      ...(tag ? { spool: { dir: wanted.dir } } : {}),
      retry: { maxDelayMillis: 5_000, maxAgeMillis: wanted.giveUpMillis },
    },
    tag,
  );
  return send(opened, wanted, found, out);
}

function readArgs(args: readonly string[]): Wanted | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        "dry-run": { type: "boolean" },
        refused: { type: "boolean" },
        lane: { type: "string" },
        "give-up": { type: "string" },
      },
    });
    const [dir] = positionals;
    const seconds = Number(values["give-up"] ?? 60);
    if (!dir || positionals.length > 1) return "replay wants one directory: otel-langsmith replay DIR";
    if (!(seconds >= 0)) return "--give-up wants a number of seconds";
    if (values.lane !== undefined && !/^[0-9a-f]{8}$/.test(values.lane)) {
      return `--lane wants one of the names that replay lists, eight digits, not ${values.lane}`;
    }
    return {
      dir,
      isDryRun: values["dry-run"] ?? false,
      withRefused: values.refused ?? false,
      lane: values.lane,
      giveUpMillis: seconds * 1_000,
    };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The lanes by name, and which of them a process with this environment would fill. */
function listOf(tags: ReadonlyMap<string, number>, own: string | undefined): string {
  return [...tags]
    .map(([name, count]) => `${name} (${count}${name === own ? ", this environment's own" : ""})`)
    .join(", ");
}

function ownTagOf(destination: Destination | string): string | undefined {
  if (typeof destination === "string") return undefined;
  return destinationTag({ ...destination, destination: new URL(destination.apiUrl).host });
}

function fail(out: Output, message: string): number {
  out.write(`${message}\n`);
  return 2;
}

interface Inventory {
  /** Operations by their destination's tag. */
  readonly tags: Map<string, number>;
  readonly files: string[];
  readonly refusedFiles: string[];
  readonly refused: Recorded[];
  /** Files that hold what cannot be read, and why. */
  readonly unreadable: string[];
}

async function inventory({ dir, withRefused }: Wanted): Promise<Inventory> {
  const names = await readdir(dir);
  const tags = new Map<string, number>();
  const unreadable: string[] = [];
  for (const name of names) {
    if (name.endsWith(".unreadable")) unreadable.push(`${name}: damaged; what could be read of it was sent`);
    if (isNewerName(name)) unreadable.push(`${name}: of a newer version of otel-langsmith`);
    const segment = parseSegmentName(name);
    if (!segment) continue;
    const file = await readSegment(join(dir, name));
    if (file === "unreadable") unreadable.push(`${name}: it cannot be read, or is no plain file`);
    else if (file.kind === "newer") unreadable.push(`${name}: of a newer version of otel-langsmith`);
    if (file === "unreadable") continue;
    if (file.damaged > 0) unreadable.push(`${name}: damaged in ${file.damaged} place(s); the rest of it can be sent`);
    const open = file.records.filter((record) => !file.settled.has(record.index)).length;
    if (open > 0) tags.set(tagOf(segment.lane), (tags.get(tagOf(segment.lane)) ?? 0) + open);
  }
  const refusedFiles = withRefused ? names.filter((name) => name.endsWith(".refused")) : [];
  const refused: Recorded[] = [];
  for (const name of refusedFiles) {
    refused.push(...decodeRecords((await readPlainFile(join(dir, name))) ?? Buffer.alloc(0)).records);
  }
  return { tags, files: await sdkFiles(dir), refusedFiles, refused, unreadable };
}

async function send(opened: OpenDelivery, wanted: Wanted, found: Inventory, out: Output): Promise<number> {
  const { delivery } = opened;
  const left: string[] = [];
  try {
    left.push(...(await sendSpool(opened, wanted, found, out)));
    for (const name of found.files) {
      const problem = await sendFile(opened, wanted, name);
      if (problem) left.push(`${name}: ${problem}`);
      else out.write(`${name}: sent\n`);
    }
    if (found.refused.length > 0) left.push(...(await sendRefused(opened, wanted, found)));
  } finally {
    await delivery.shutdown(5_000);
  }
  const { sent, repeated, lost } = delivery.stats();
  const refused = lostBy(opened);
  out.write(`${sent} operation(s) sent${repeated > 0 ? `, ${repeated} of them were there already` : ""}\n`);
  if (refused > 0) left.push(`${refused} refused: ${JSON.stringify(lost)}`);
  for (const line of left) out.write(`left: ${line}\n`);
  if (left.length > 0 && opened.lastFailure()) out.write(`the last attempt failed: ${opened.lastFailure()?.message}\n`);
  return left.length > 0 ? 1 : 0;
}

/** The delivery sends its spool by itself: this only watches, and gives up when nothing moves. */
async function sendSpool(opened: OpenDelivery, wanted: Wanted, found: Inventory, out: Output): Promise<string[]> {
  if (found.tags.size === 0) return [];
  await opened.spoolRead();
  const onDisk = () => opened.delivery.stats().onDisk ?? 0;
  const total = onDisk();
  const expected = [...found.tags.values()].reduce((sum, count) => sum + count, 0);
  const progress = createProgress(out, total);
  let moved = performance.now();
  let before = total;
  while (onDisk() > 0) {
    if (onDisk() !== before) moved = performance.now();
    before = onDisk();
    progress.show(total - before);
    if (isKeyRefused(opened) || performance.now() - moved > wanted.giveUpMillis) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  progress.end(total - onDisk());
  const left: string[] = [];
  if (onDisk() > 0) left.push(`${onDisk()} operation(s) in the spool; run the command again`);
  if (total === 0 && expected > 0) {
    left.push(
      `${expected} operation(s) that belong to a running process, which sends them itself, or to another --lane`,
    );
  }
  return left;
}

async function sendFile(opened: OpenDelivery, wanted: Wanted, name: string): Promise<string | undefined> {
  const file = await readSdkFile(wanted.dir, name);
  if ("problem" in file) return file.problem;
  const before = lostBy(opened);
  const filesBefore = opened.delivery.stats().lostAttachments ?? 0;
  if (!(await sendItems(opened, file.items, wanted.giveUpMillis))) return opened.lastFailure()?.message ?? "not sent";
  const problem = await sendFeedback(opened, file.feedback, wanted.giveUpMillis);
  if (problem) return `its feedback: ${problem}`;
  // What the service refused, or nobody here can read, is nowhere else.
  const refused = lostBy(opened) - before;
  if (refused > 0) return `${refused} of its ${file.items.length} run(s) were refused; the others were sent`;
  const files = (opened.delivery.stats().lostAttachments ?? 0) - filesBefore;
  if (files > 0) return `sent, but for ${files} attachment(s), which a server without /runs/multipart cannot take`;
  if (file.unknown.length > 0) return `sent, but for parts that belong to no run: ${file.unknown.join(", ")}`;
  await rm(file.path);
  return undefined;
}

/** A service waits for a key to be set right; somebody at a terminal does not. */
function isKeyRefused(opened: OpenDelivery): boolean {
  const kind = opened.lastFailure()?.kind;
  return kind === "unauthorized" || kind === "forbidden";
}

function lostBy({ delivery }: OpenDelivery): number {
  return Object.values(delivery.stats().lost).reduce((sum, runs) => sum + runs, 0);
}

/** Between tries of somebody who sits at a terminal. */
const BACKOFF = { initialMillis: 250, maxMillis: 5_000 };

/** Feedback as the SDK wrote it; undefined when the service has it. */
async function sendFeedback(opened: OpenDelivery, parts: Part[], giveUpMillis: number): Promise<string | undefined> {
  if (parts.length === 0) return undefined;
  const { contentType, data } = encodeParts(parts, `----otel-langsmith-${randomBytes(18).toString("hex")}`);
  const until = performance.now() + giveUpMillis;
  for (let attempt = 0; ; attempt += 1) {
    let error: ServiceError | undefined;
    try {
      const headers = { "content-type": contentType };
      error = failureOf(await opened.exchange({ method: "POST", path: "/runs/multipart", headers, body: data }));
    } catch (thrown) {
      error = toServiceError(thrown);
    }
    // Feedback has an id of its own: it was there already.
    if (!error || error.kind === "conflict") return undefined;
    const delay = backoffMillis(attempt, BACKOFF, { afterMillis: error.retryAfterMillis });
    const mayPass = error.kind === "unavailable" || error.kind === "throttled";
    if (!mayPass || performance.now() + delay > until) return error.message;
    await new Promise((resolve) => setTimeout(resolve, delay));
  }
}

async function sendRefused(opened: OpenDelivery, wanted: Wanted, found: Inventory): Promise<string[]> {
  const items = found.refused.map(
    (record): Item => ({
      ...record,
      seq: -1,
      bytes: partsBytes(record.parts) + ITEM_OVERHEAD_BYTES,
      receivedAt: performance.now(),
      isSettled: false,
      mayHaveArrived: false,
    }),
  );
  const before = lostBy(opened);
  if (!(await sendItems(opened, items, wanted.giveUpMillis))) return ["the refused runs"];
  // A delivery with a spool has written those that were refused again into a file of its own.
  if (lostBy(opened) > before && !opened.hasSpool) return [];
  for (const name of found.refusedFiles) await rm(join(wanted.dir, name));
  return [];
}

/** Posts before patches of the same run, each through the whole chain; whether all of them were answered. */
async function sendItems(opened: OpenDelivery, items: Item[], giveUpMillis: number): Promise<boolean> {
  for (const verb of ["post", "patch"] as const) {
    const some = items.filter((item) => item.verb === verb);
    if (some.length === 0) continue;
    let isOver = false;
    const sending = opened.sendParked(some).finally(() => {
      isOver = true;
    });
    // A refused key is waited for by a service, but not by somebody at a terminal.
    const until = performance.now() + giveUpMillis;
    while (!isOver && performance.now() < until && !isKeyRefused(opened)) {
      await Promise.race([sending, new Promise((resolve) => setTimeout(resolve, 50))]);
    }
    if (!isOver) return false;
  }
  return items.every((item) => item.isSettled);
}
