// The progress bar of `otel-langsmith replay`: on a terminal, and nowhere else.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createProgress } from "../../src/cli/progress.js";
import { replay } from "../../src/cli/replay.js";
import { createDelivery } from "../../src/delivery/index.js";
import { type MisbehavingServer, startMisbehavingServer } from "../delivery/misbehaving-server.js";
import { newRun } from "../delivery/runs.js";

let server: MisbehavingServer;
let dir: string;

beforeEach(async () => {
  server = await startMisbehavingServer();
  dir = await mkdtemp(join(tmpdir(), "otel-langsmith-progress-"));
});

afterEach(async () => {
  await server.stop();
  await rm(dir, { recursive: true, force: true });
});

function stream(isTTY: boolean) {
  let text = "";
  return {
    isTTY,
    write: (piece: string) => {
      text += piece;
    },
    text: () => text,
  };
}

async function replayTo(out: ReturnType<typeof stream>): Promise<number> {
  await server.stop();
  const spooling = createDelivery({ apiUrl: server.url, spool: { dir } });
  for (let i = 0; i < 250; i += 1) spooling.send({ kind: "post", run: newRun() });
  await spooling.shutdown(0);
  await server.start();
  return replay([dir], { LANGSMITH_ENDPOINT: server.url }, out);
}

describe("the progress bar", () => {
  it("is drawn over itself on a terminal, up to the end, while replay sends", async () => {
    const out = stream(true);
    expect(await replayTo(out)).toBe(0);
    const bars = out.text().match(/\r\[[#.]{30}\] \d+\/250, \d+\/s /g) ?? [];
    expect(bars.length).toBeGreaterThan(1);
    expect(bars[0]).toContain(`\r[${".".repeat(30)}] 0/250`);
    expect(bars.at(-1)).toContain(`\r[${"#".repeat(30)}] 250/250`);
    expect(out.text()).toContain("/s \n250 operation(s) sent");
    expect(server.runs.size).toBe(250);
  });

  it("is not there when the output is a file or a pipe", async () => {
    const out = stream(false);
    expect(await replayTo(out)).toBe(0);
    expect(out.text()).not.toMatch(/\r|###|\/s/);
    expect(out.text()).toContain("250 operation(s) sent");
  });

  it("grows with what is done, and is whole when there was nothing to do", () => {
    const out = stream(true);
    const progress = createProgress(out, 4);
    progress.show(1);
    progress.show(2);
    progress.end(4);
    expect([...out.text().matchAll(/#+/g)].map(([filled]) => filled.length)).toEqual([8, 15, 30]);
    const nothing = stream(true);
    createProgress(nothing, 0).end(0);
    expect(nothing.text()).toContain(`[${"#".repeat(30)}] 0/0`);
  });
});
