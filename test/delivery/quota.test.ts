// A monthly limit over real sockets: said once with what to do, nothing more is sent, nothing is lost.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createDelivery } from "../../src/delivery/index.js";
import { forgetWarnings } from "../../src/warnings.js";
import { type MisbehavingServer, startMisbehavingServer } from "./misbehaving-server.js";
import { until } from "./network-fixtures.js";
import { newRun } from "./runs.js";

let server: MisbehavingServer;

beforeEach(async () => {
  forgetWarnings();
  server = await startMisbehavingServer();
});

afterEach(async () => {
  vi.restoreAllMocks();
  await server.stop();
});

it("a 429 that names a monthly limit is said once with what to do, stops sending, and the runs arrive when the limit is gone", async () => {
  const warnings: unknown[][] = [];
  vi.spyOn(process, "emitWarning").mockImplementation((...args: unknown[]) => void warnings.push(args));
  let isExhausted = true;
  const body = '{"error":"Monthly unique traces usage limit exceeded"}';
  server.behave = () => (isExhausted ? { do: "answer", status: 429, body } : { do: "take" });
  const delivery = createDelivery({
    apiUrl: server.url,
    batchDelayMillis: 1,
    maxConcurrentRequests: 2,
    // So short an age, and so short a pause, that only the quota's own rules keep the runs and the service's peace.
    retry: { initialDelayMillis: 1, maxDelayMillis: 2, maxAgeMillis: 1 },
  });
  for (let i = 0; i < 150; i += 1) delivery.send({ kind: "post", run: newRun() });
  await until(() => warnings.length > 0);
  for (let i = 0; i < 150; i += 1) delivery.send({ kind: "post", run: newRun() });
  // A flush is worth a probe, and no more than that.
  await delivery.flush(300);
  await delivery.flush(300);
  expect(server.requests.length).toBeLessThanOrEqual(6);
  expect(delivery.stats()).toMatchObject({ sent: 0, lost: {} });
  expect(delivery.stats().queued + delivery.stats().inFlight).toBe(300);
  expect(warnings).toEqual([
    [
      expect.stringContaining("HTTP 429, a usage limit of the workspace"),
      { type: "OtelLangSmithWarning", code: "LSB_WARN_QUOTA" },
    ],
  ]);
  expect(warnings[0]?.[0]).toMatch(/Raise the limit .*Settings/);

  isExhausted = false;
  await delivery.flush(20_000);
  expect(delivery.stats()).toMatchObject({ sent: 300, repeated: 0, lost: {} });
  expect(server.runs.size).toBe(300);
  await delivery.shutdown(1_000);
});
