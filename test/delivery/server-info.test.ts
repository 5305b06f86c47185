// What /info says is taken where it makes sense, and never needed.
import { afterEach, describe, expect, it } from "vitest";
import { zstdCompress } from "../../src/delivery/compress.js";
import { createDelivery } from "../../src/delivery/index.js";
import { chooseEncoding, DEFAULT_LIMITS, readLimits } from "../../src/delivery/server-info.js";
import { type MisbehavingServer, startMisbehavingServer } from "./misbehaving-server.js";
import { newRun } from "./runs.js";

let server: MisbehavingServer | undefined;

afterEach(async () => {
  await server?.stop();
  server = undefined;
});

describe("readLimits", () => {
  it.each([
    ["nothing", undefined],
    ["null", null],
    ["a list", []],
    ["text", "no"],
    [
      "limits that cannot be",
      { batch_ingest_config: { size_limit: 0, size_limit_bytes: -1, use_multipart_endpoint: "no" } },
    ],
    [
      "limits of the wrong kind",
      { batch_ingest_config: { size_limit: "100", size_limit_bytes: null }, instance_flags: 7 },
    ],
  ])("keeps the defaults for %s", (_, answer) => {
    expect(readLimits(answer)).toEqual(DEFAULT_LIMITS);
  });

  it("takes what is sensible", () => {
    expect(
      readLimits({
        batch_ingest_config: { size_limit: 50, size_limit_bytes: 1_000_000, use_multipart_endpoint: false },
        instance_flags: { gzip_body_enabled: true, zstd_compression_enabled: true },
      }),
    ).toEqual({ maxCount: 50, maxBytes: 1_000_000, isMultipartOff: true, takesGzip: true, takesZstd: true });
  });
});

describe("chooseEncoding", () => {
  it("is the best that both ends have, or what is asked for", () => {
    const both = { ...DEFAULT_LIMITS, takesGzip: true, takesZstd: true };
    expect(chooseEncoding("auto", both)).toBe(zstdCompress ? "zstd" : "gzip");
    expect(chooseEncoding("auto", { ...both, takesZstd: false })).toBe("gzip");
    expect(chooseEncoding("auto", DEFAULT_LIMITS)).toBeUndefined();
    expect(chooseEncoding("none", both)).toBeUndefined();
    expect(chooseEncoding("gzip", DEFAULT_LIMITS)).toBe("gzip");
  });
});

describe("a delivery", () => {
  it("asks once, and waits two seconds at most for an /info that hangs", async () => {
    server = await startMisbehavingServer();
    server.info = () => {};
    const delivery = createDelivery({ apiUrl: server.url, apiKey: "a-key", batchDelayMillis: 0 });
    const began = performance.now();
    delivery.send({ kind: "post", run: newRun() });
    await delivery.flush(10_000);
    expect(performance.now() - began).toBeLessThan(6_000);
    delivery.send({ kind: "post", run: newRun() });
    await delivery.flush(10_000);
    await delivery.shutdown(1_000);
    expect(server.runs.size).toBe(2);
    expect(server.infoRequests).toBe(1);
  });

  it("sends uncompressed when a server refuses the compression that it offered", async () => {
    server = await startMisbehavingServer();
    server.behave = (request) => (request.headers["content-encoding"] ? { do: "answer", status: 415 } : { do: "take" });
    const delivery = createDelivery({ apiUrl: server.url, apiKey: "a-key", batchDelayMillis: 0 });
    for (let i = 0; i < 20; i += 1) delivery.send({ kind: "post", run: newRun() });
    await delivery.flush(10_000);
    for (let i = 0; i < 20; i += 1) delivery.send({ kind: "post", run: newRun() });
    await delivery.shutdown(10_000);
    expect(server.runs.size).toBe(40);
    expect(server.requests.filter((request) => request.headers["content-encoding"])).toHaveLength(1);
  });
});
