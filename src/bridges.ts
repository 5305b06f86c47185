// The bridges of this process: every processor (or exporter) that is running, known to both copies of the package.

import type { EntryOwner, SpanEntry } from "./identity/node.js";
import type { MappableLogRecord } from "./mapping/span.js";
import type { LangSmithDestination } from "./options/options.js";
import { projectWithoutBridge } from "./options/project.js";
import { type Slot, sharedPart, sharedSlot, unsharedParts } from "./shared.js";
import { warnOnce } from "./warnings.js";
import type { Run, RunType } from "./wire/run.js";

/** What a run is, as far as its span shows it when a reference is taken. */
export interface ReferencedRun {
  readonly name: string;
  readonly runType: RunType;
}

/** A running bridge, as far as propagation, authoring and the client may ask it. */
export interface Bridge extends EntryOwner {
  /** The project that runs go to where nothing else is said. */
  readonly projectName: string;
  /** Where the primary destination is, and with what key. */
  readonly destination: LangSmithDestination;
  /** Sees spans when they have ended. */
  readonly isExporter: boolean;
  /** Marked `primary` by its options. */
  readonly isMarkedPrimary: boolean;
  /** Opens the entry's trace and queues the pending posts of its run and of every unsent ancestor; says what the run is. */
  takeReference(entry: SpanEntry): ReferencedRun | undefined;
  /** Opens the entry's trace, where it is held. */
  openTrace(entry: SpanEntry): void;
  /** Whether the entry's trace was sampled out at its root. */
  isUnsampled(entry: SpanEntry): boolean;
  /** A run that another library sends hangs under the entry's run and names a thread: it is the trace's too. */
  nameThread(entry: SpanEntry, thread: string): void;
  /** The one open local root of an OpenTelemetry trace: it is above a span that nobody here has seen. */
  onlyRoot(otelTraceId: string): SpanEntry | undefined;
  /** Hands a log record's content to a span's run; false (and counted) where the run was sent already. */
  addLogRecord(entry: SpanEntry, record: MappableLogRecord): boolean;
  /** Sends an operation on a run that no span of this process stands for (endRun), as its clients let it be sent. */
  sendRun(kind: "post" | "end", run: Run, clients?: readonly object[]): boolean;
  forceFlush(): Promise<void>;
}

let running: Bridge[] | undefined;

function registry(): Bridge[] {
  running ??= sharedPart("bridges", () => [], isBridges);
  return running;
}

function isBridges(part: unknown): part is Bridge[] {
  return Array.isArray(part);
}

/** Every running bridge, in the order in which they were made. */
export function bridges(): readonly Bridge[] {
  return registry();
}

export function addBridge(bridge: Bridge): void {
  registry().push(bridge);
  const parts = unsharedParts();
  if (parts.length === 0) return;
  warnOnce(
    "LSB_WARN_TWO_COPIES",
    `Another copy of otel-langsmith, of another version, runs in this process. The two share nothing (${parts.join(", ")}): their runs do not nest in each other. Install one version: \`npm ls otel-langsmith\` names them.`,
  );
}

export function removeBridge(bridge: Bridge): void {
  const at = registry().indexOf(bridge);
  if (at >= 0) registry().splice(at, 1);
}

/** The bridge that keeps run ids as they are, and of which one speaks as *the* bridge: the one marked, or the first. */
export function primaryBridge(): Bridge | undefined {
  return registry().find((bridge) => bridge.isMarkedPrimary) ?? registry()[0];
}

let makeDirect: (() => Promise<Bridge | undefined>) | undefined;

/** Tells how the bridge is made that sends run trees where tracing is switched off; entries do, which know the processor. */
export function offerDirectBridge(make: () => Promise<Bridge | undefined>): void {
  makeDirect = make;
}

/** What sends run trees where tracing is switched off; made when the first one is posted. */
export function directBridge(): Promise<Bridge | undefined> | undefined {
  const slot = directSlot();
  slot.value ??= makeDirect?.();
  return slot.value;
}

function directSlot(): Slot<Promise<Bridge | undefined>> {
  return sharedSlot("direct");
}

/** Sends what run trees have left where tracing is switched off. */
export async function flushDirect(): Promise<void> {
  await (await directSlot().value)?.forceFlush();
}

/** The project of a run that names none. */
export function defaultProjectName(): string {
  return primaryBridge()?.projectName ?? projectWithoutBridge();
}
