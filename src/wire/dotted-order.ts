// Dotted orders: written, and read with all of the service's rules.
import { isUuid } from "./ids.js";
import { microsOfSegmentTime, segmentTimeOf } from "./time.js";

/** One ancestor, or the run itself, in a dotted order. */
export interface Segment {
  readonly micros: number;
  readonly runId: string;
}

/** `YYYYMMDDTHHMMSSffffffZ` and a UUID. */
export const SEGMENT_LENGTH = 22 + 36;

/** One segment's spelling. */
export function segmentOf(micros: number, runId: string): string {
  return segmentTimeOf(micros) + runId;
}

/**
 * Reads a dotted order, or says undefined where it breaks a rule: every segment a time with six digits and a UUID, no
 * segment earlier than its parent's, no run twice.
 * Source: LangSmith's rules for a run's place.
 *
 * @param maxSegments deeper orders are refused (default 10,000)
 */
export function parseDottedOrder(text: unknown, maxSegments = 10_000): readonly Segment[] | undefined {
  if (typeof text !== "string" || text.length < SEGMENT_LENGTH) return undefined;
  const count = (text.length + 1) / (SEGMENT_LENGTH + 1);
  if (!Number.isInteger(count) || count > maxSegments) return undefined;
  const segments: Segment[] = [];
  const seen = new Set<string>();
  let before = 0;
  for (let at = 0; at < text.length; at += SEGMENT_LENGTH + 1) {
    if (at > 0 && text.charAt(at - 1) !== ".") return undefined;
    const micros = microsOfSegmentTime(text.slice(at, at + 22));
    const runId = text.slice(at + 22, at + SEGMENT_LENGTH).toLowerCase();
    if (micros === undefined || micros < before || !isUuid(runId) || seen.has(runId)) return undefined;
    seen.add(runId);
    before = micros;
    segments.push({ micros, runId });
  }
  return segments;
}
