// Who owns which lane of a spool directory: several processes share it, and each lane is sent by one of them.
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";

/** How often a process says that it is alive, and after which silence one of another host counts as gone. */
const HEARTBEAT_MILLIS = 5_000;
const SILENCE_MILLIS = 60_000;

export interface Owners {
  /** Makes directory, heartbeat and the own lane, at once: what comes next may have to be written at once. */
  enter(): void;
  beat(): Promise<void>;
  /** Takes over one lane whose owner is gone; its name, or undefined when there is none. */
  adopt(): Promise<string | undefined>;
  /** A lane is empty. */
  release(lane: string): Promise<void>;
  /** Owns nothing any more: what is left may be adopted at once. */
  leave(): Promise<void>;
  readonly heartbeatMillis: number;
}

/** A destination as lane names carry it: what lies in a spool is sent to where it was meant to go, and nowhere else. */
export function destinationTag(destination: {
  apiUrl: string;
  workspaceId?: string | undefined;
  destination: string;
}): string {
  const { apiUrl, workspaceId = "" } = destination;
  return createHash("sha256").update(`${apiUrl}\n${workspaceId}\n${destination.destination}`).digest("hex").slice(0, 8);
}

/** A name for this process's lane: those of a destination sort by age, and no two are the same. */
export function newInstance(tag: string): string {
  return `ls-${tag}-${Date.now().toString(36).padStart(9, "0")}-${process.pid}-${randomBytes(6).toString("hex")}`;
}

/** The destination's tag in a lane's name. */
export function tagOf(lane: string): string {
  return lane.split("-")[1] ?? "";
}

export function createOwners(dir: string, instance: string): Owners {
  const alivePath = join(dir, `${instance}.alive`);
  const ownerPath = (lane: string, owner: string) => join(dir, `${lane}.owner-${owner}`);

  return {
    heartbeatMillis: HEARTBEAT_MILLIS,
    enter() {
      mkdirSync(dir, { recursive: true, mode: 0o700 });
      // Alive before it owns: a lane whose owner is unknown is anybody's.
      writeFileSync(alivePath, JSON.stringify(self()), { mode: 0o600 });
      writeFileSync(ownerPath(instance, instance), "", { mode: 0o600 });
    },
    async beat() {
      const now = new Date();
      await utimes(alivePath, now, now).catch(() => {});
    },
    async adopt() {
      const names = await readdir(dir).catch(() => []);
      for (const name of names.sort()) {
        const parsed = /^(ls-[a-z0-9-]+)\.owner-(ls-[a-z0-9-]+)$/.exec(name);
        const [, lane, owner] = parsed ?? [];
        if (!lane || !owner || owner === instance || tagOf(lane) !== tagOf(instance) || (await isAlive(dir, owner)))
          continue;
        try {
          // Atomic, and the old name is gone: of several processes that try, one succeeds.
          await rename(join(dir, name), ownerPath(lane, instance));
        } catch {
          continue;
        }
        await rm(join(dir, `${owner}.alive`), { force: true });
        return lane;
      }
      return undefined;
    },
    async release(lane) {
      await rm(ownerPath(lane, instance), { force: true }).catch(() => {});
    },
    async leave() {
      await rm(alivePath, { force: true }).catch(() => {});
    },
  };
}

interface Identity {
  pid: number;
  host: string;
  started: string;
}

function self(): Identity {
  return { pid: process.pid, host: host(), started: startOf(process.pid) };
}

/** This machine since it was booted; containers have names of their own. */
function host(): string {
  return `${hostname()} ${readText("/proc/sys/kernel/random/boot_id").trim()}`;
}

/** When a process started, where the system tells: a pid alone may have been given to another. */
function startOf(pid: number): string {
  const stat = readText(`/proc/${pid}/stat`);
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

async function isAlive(dir: string, owner: string): Promise<boolean> {
  const path = join(dir, `${owner}.alive`);
  let identity: unknown;
  let beat: number;
  try {
    beat = (await stat(path)).mtimeMs;
    const text = await readFile(path, "utf8");
    // Half written: its owner is just coming, or died then.
    identity = text.endsWith("}") ? JSON.parse(text) : undefined;
  } catch (error) {
    // No file: its owner has left.
    return !(error instanceof Error && "code" in error && error.code === "ENOENT");
  }
  if (isIdentity(identity) && identity.host === host()) return isRunning(identity);
  return Date.now() - beat < SILENCE_MILLIS;
}

function isRunning({ pid, started }: Identity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
  }
  return startOf(pid) === started;
}

function isIdentity(value: unknown): value is Identity {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof Reflect.get(value, "pid") === "number" &&
    typeof Reflect.get(value, "host") === "string" &&
    typeof Reflect.get(value, "started") === "string"
  );
}
