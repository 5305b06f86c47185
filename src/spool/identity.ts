// Who a process is, as its heartbeat file in a spool says it: enough to know whether it still runs.
import { readFileSync, readlinkSync } from "node:fs";
import { hostname } from "node:os";

/** `ns` is the space in which `pid` counts; version 1 did not know it. */
export interface Identity {
  readonly pid: number;
  readonly started: string;
  readonly host: string;
  readonly ns?: string;
}

/** `gone` and `running` are certain; of the others only the heartbeat tells: `near` is on this machine. */
export type Standing = "gone" | "running" | "near" | "far";

export function ownIdentity(): Identity {
  return { pid: process.pid, started: startOf(process.pid), host: machine(), ns: pidNamespace() };
}

/** What can be known of a process without its heartbeat. */
export function standingOf(identity: Identity): Standing {
  // Version 1 wrote the host's name before the machine.
  const isHere = identity.host === machine() || identity.host === `${hostname()} ${bootId()}`;
  if (!isHere) return "far";
  if (identity.ns === undefined) return isRunning(identity) ? "running" : "far";
  if (identity.ns !== pidNamespace()) return "near";
  return isRunning(identity) ? "running" : "gone";
}

export function parseIdentity(text: string): Identity | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isIdentity(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** This machine since it was booted, whatever name a container has; elsewhere than on Linux its name. */
function machine(): string {
  return bootId() || hostname();
}

function bootId(): string {
  return readText("/proc/sys/kernel/random/boot_id").trim();
}

/** Containers count their processes each for itself: the same number is another process in each. */
function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
}

function isRunning({ pid, started }: Identity): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
  }
  return startOf(pid) === started;
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

function isIdentity(value: unknown): value is Identity {
  if (typeof value !== "object" || value === null) return false;
  const ns: unknown = Reflect.get(value, "ns");
  return (
    typeof Reflect.get(value, "pid") === "number" &&
    typeof Reflect.get(value, "host") === "string" &&
    typeof Reflect.get(value, "started") === "string" &&
    (ns === undefined || typeof ns === "string")
  );
}
