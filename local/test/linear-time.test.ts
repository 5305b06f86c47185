// Hostile text costs linear time in what the local server reads.
import { describe, expect, it } from "vitest";
import { growth, repeated } from "../../test/hostile/linear-time.js";
import { readMultipart } from "../src/http/multipart.js";
import { checkRun } from "../src/ingest/rules.js";
import { compileFilter } from "../src/query/compile.js";
import { parseLatency } from "../src/query/fields.js";
import { parseFilter } from "../src/query/syntax.js";
import { parseSegmentTime, parseTime } from "../src/time.js";

const works: Readonly<Record<string, (text: string) => unknown>> = {
  "a filter": (text) => parseFilter(text, "filter"),
  "a text in a filter": (text) => compileFilter(`search(${JSON.stringify(text)})`, "filter", "r"),
  "a value in a filter": (text) => compileFilter(`eq(name, ${JSON.stringify(text)})`, "filter", "r"),
  "a latency": (text) => parseLatency(text),
  "a time": (text) => parseTime(text),
  "a segment's time": (text) => parseSegmentTime(text),
  "a run's fields": (text) => checkRun({ id: text, trace_id: text, dotted_order: text, start_time: text, name: text }),
  "a multipart body": (text) =>
    readMultipart(Buffer.from(`--b\r\n${text}\r\n--b--`), "multipart/form-data; boundary=b"),
  "a part's headers": (text) =>
    readMultipart(
      Buffer.from(`--b\r\nContent-Disposition: form-data; name="${text}"\r\n\r\n{}\r\n--b--`),
      "multipart/form-data; boundary=b",
    ),
  "a boundary": (text) => readMultipart(Buffer.from(`--${text}\r\n`), `multipart/form-data; boundary=${text}`),
};

describe("hostile text costs linear time in", () => {
  it.each(Object.entries(works))("%s", (_name, work) => {
    const slow = [];
    for (const [what, unit, end] of repeated) {
      const found = growth(work, unit, end);
      if (found !== undefined) slow.push(`${what}: ${found}`);
    }
    expect(slow).toEqual([]);
  });
});
