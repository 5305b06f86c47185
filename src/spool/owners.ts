// Who owns which lane of a spool directory: several processes share it, and each lane is sent by one of them.
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Identity, ownIdentity, parseIdentity, type Standing, standingOf } from "./identity.js";
import { parseSegmentName } from "./segment.js";

/** How often a process says that it is alive. */
export const HEARTBEAT_MILLIS = 1_000;

/**
 * After which silence a lane's owner counts as gone. A process that is known to run may be a thread that has ended, or
 * one that is busy; one elsewhere is seen through a file system that may be late; version 1 says that it is alive every
 * five seconds. Whoever was only busy finds that its lane was taken, and writes what it had not yet handed over anew.
 */
const SILENCE_MILLIS: Record<Exclude<Standing, "gone">, number> = { near: 5_000, running: 10_000, far: 60_000 };

/** A heartbeat this old needs no watching; milliseconds by the clock of the machine, of which another may differ. */
const OLD_MILLIS = { near: 60_000, running: 60_000, far: 600_000 };

/** Stands for the owner of a lane that nobody owns, and has no heartbeat. */
const NOBODY = "ls2-nobody";

/** What was seen of another process's heartbeat. */
interface Seen {
  readonly beat: number;
  readonly at: number;
  looks: number;
}

/** `silent`: it may come back, and then finds that its lanes were taken. */
type Fate = "alive" | "silent" | "gone";

/** A lane whose owner is gone. */
export interface Orphan {
  readonly lane: string;
  readonly owner: string;
  /** Its owner does not come back. */
  readonly isCertain: boolean;
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

/** The destination's tag in a lane's name. */
export function tagOf(lane: string): string {
  return lane.split("-")[1] ?? "";
}

/** A name for this process and its lane: those of a destination sort by age, and no two are the same. */
function newInstance(tag: string): string {
  return `ls2-${tag}-${Date.now().toString(36).padStart(9, "0")}-${process.pid}-${randomBytes(6).toString("hex")}`;
}

export class Owners {
  readonly #dir: string;
  readonly #tag: string;
  readonly #now: () => number;
  #instance: string;
  readonly #seen = new Map<string, Seen>();
  /** Lanes that nobody owned when they were last looked at. */
  #ownerless = new Set<string>();

  constructor(dir: string, tag: string, now: () => number) {
    this.#dir = dir;
    this.#tag = tag;
    this.#now = now;
    this.#instance = newInstance(tag);
  }

  /** This process's name, and that of the lane it writes. */
  get instance(): string {
    return this.#instance;
  }

  /** Makes directory, heartbeat and the own lane, at once: what comes next may have to be written at once. */
  enter(): void {
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    // Alive before it owns: a lane whose owner is unknown is anybody's.
    writeFileSync(this.#alivePath(this.#instance), JSON.stringify(ownIdentity()), { mode: 0o600 });
    writeFileSync(this.#ownerPath(this.#instance, this.#instance), "", { mode: 0o600 });
  }

  /** Another process has taken this one for gone: it goes on under another name. */
  renew(): void {
    rmSync(this.#takenPath(this.#instance), { force: true });
    this.#instance = newInstance(this.#tag);
    this.enter();
  }

  /** Whether a lane is still this process's. */
  owns(lane: string): boolean {
    return existsSync(this.#ownerPath(lane, this.#instance));
  }

  /** Whether another process has taken this one for gone. */
  isTaken(): boolean {
    return existsSync(this.#takenPath(this.#instance));
  }

  /** False when there is nothing left that could beat. */
  async beat(): Promise<boolean> {
    const now = new Date();
    return utimes(this.#alivePath(this.#instance), now, now).then(
      () => true,
      () => existsSync(this.#alivePath(this.#instance)),
    );
  }

  /** How many processes have lanes of this destination here. */
  async ownerCount(): Promise<number> {
    const owners = new Set<string>();
    for (const { lane, owner } of (await this.#list()).owned) if (tagOf(lane) === this.#tag) owners.add(owner);
    return Math.max(1, owners.size);
  }

  /** Lanes of this destination whose owner is gone, oldest first. */
  async adoptable(): Promise<Orphan[]> {
    const { owned, segments, taken } = await this.#list();
    await this.#adoptOrphans(segments, new Set(owned.map(({ lane }) => lane)));
    for (const name of taken) await this.#forgetTaken(name);
    const found: Orphan[] = [];
    const fates = new Map<string, Fate>();
    for (const { lane, owner } of owned) {
      if (owner === this.#instance || tagOf(lane) !== this.#tag) continue;
      const fate = fates.get(owner) ?? (await this.#fateOf(owner));
      fates.set(owner, fate);
      if (fate !== "alive") found.push({ lane, owner, isCertain: fate === "gone" });
    }
    for (const owner of this.#seen.keys()) if (!fates.has(owner)) this.#seen.delete(owner);
    return found;
  }

  /** Takes a lane over; false when another process was quicker, or its owner is there again. */
  async adopt({ lane, owner, isCertain }: Orphan): Promise<boolean> {
    try {
      // Before the lane: whoever wakes up without its lane must find out why.
      if (isCertain) await rm(this.#alivePath(owner), { force: true });
      else if (existsSync(this.#alivePath(owner))) await rename(this.#alivePath(owner), this.#takenPath(owner));
      // Atomic, and the old name is gone: of several processes that try, one succeeds.
      await rename(this.#ownerPath(lane, owner), this.#ownerPath(lane, this.#instance));
      return true;
    } catch {
      return false;
    }
  }

  /** A lane is empty. */
  async release(lane: string): Promise<void> {
    await rm(this.#ownerPath(lane, this.#instance), { force: true }).catch(() => {});
  }

  /** Nothing in a lane is for this version: another one may take it. */
  async handBack(lane: string): Promise<void> {
    await rename(this.#ownerPath(lane, this.#instance), this.#ownerPath(lane, NOBODY)).catch(() => {});
  }

  /** Owns nothing any more: what is left may be adopted at once. */
  leave(): void {
    try {
      rmSync(this.#alivePath(this.#instance), { force: true });
    } catch {
      // Without it the lane waits until the heartbeat is old.
    }
  }

  async #fateOf(owner: string): Promise<Fate> {
    const path = this.#alivePath(owner);
    let beat: number;
    let identity: Identity | undefined;
    try {
      beat = (await stat(path)).mtimeMs;
      identity = parseIdentity(await readFile(path, "utf8"));
    } catch (error) {
      // No file: its owner has left.
      return error instanceof Error && "code" in error && error.code === "ENOENT" ? "gone" : "alive";
    }
    // Half written: its owner is just coming, or died then.
    const standing = identity ? standingOf(identity) : "far";
    if (standing === "gone") return "gone";
    // Threads of a process of version 1 cannot be told from it, and it does not notice that a lane was taken.
    if (standing === "running" && identity?.ns === undefined) return "alive";
    return this.#isSilent(owner, beat, standing) ? "silent" : "alive";
  }

  /** It was watched for long enough, several times, since this process may have been held up itself. */
  #isSilent(owner: string, beat: number, standing: Exclude<Standing, "gone">): boolean {
    if (Date.now() - beat > OLD_MILLIS[standing]) return true;
    const seen = this.#seen.get(owner);
    if (seen?.beat !== beat) {
      this.#seen.set(owner, { beat, at: this.#now(), looks: 0 });
      return false;
    }
    seen.looks += 1;
    return seen.looks >= 2 && this.#now() - seen.at >= SILENCE_MILLIS[standing];
  }

  /** A lane that nobody owned twice in a row (a backup was put back, somebody tidied up) is made anybody's. */
  async #adoptOrphans(segments: ReadonlySet<string>, owned: ReadonlySet<string>): Promise<void> {
    const ownerless = new Set<string>();
    for (const lane of segments) if (!owned.has(lane) && tagOf(lane) === this.#tag) ownerless.add(lane);
    for (const lane of ownerless) {
      if (!this.#ownerless.has(lane)) continue;
      await writeFile(this.#ownerPath(lane, NOBODY), "", { mode: 0o600 }).catch(() => {});
    }
    this.#ownerless = ownerless;
  }

  /** Whoever was taken for gone and has not come back in a day does not. */
  async #forgetTaken(name: string): Promise<void> {
    const path = join(this.#dir, name);
    const found = await stat(path).catch(() => undefined);
    if (found && Date.now() - found.ctimeMs > 86_400_000) await rm(path, { force: true }).catch(() => {});
  }

  async #list() {
    const owned: { lane: string; owner: string }[] = [];
    const segments = new Set<string>();
    const taken: string[] = [];
    for (const name of (await readdir(this.#dir).catch(() => [])).sort()) {
      const [, lane, owner] = /^(ls2?-[a-z0-9-]+)\.owner-(ls2?-[a-z0-9-]+)$/.exec(name) ?? [];
      if (lane && owner) owned.push({ lane, owner });
      const segment = parseSegmentName(name);
      if (segment) segments.add(segment.lane);
      if (name.endsWith(".taken")) taken.push(name);
    }
    return { owned, segments, taken };
  }

  #alivePath(owner: string): string {
    return join(this.#dir, `${owner}.alive`);
  }

  #takenPath(owner: string): string {
    return join(this.#dir, `${owner}.taken`);
  }

  #ownerPath(lane: string, owner: string): string {
    return join(this.#dir, `${lane}.owner-${owner}`);
  }
}
