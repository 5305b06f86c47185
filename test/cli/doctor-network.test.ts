// `otel-langsmith doctor` on proxies and compression: named when they work, and what to do when they do not.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { doctor } from "../../src/cli/doctor.js";
import { GENEROUS_INFO, type MisbehavingServer, startMisbehavingServer } from "../delivery/misbehaving-server.js";
import { type ConnectProxy, sourceUrl, startChild, startConnectProxy } from "../delivery/network-fixtures.js";

let server: MisbehavingServer;
let proxy: ConnectProxy;

beforeEach(async () => {
  server = await startMisbehavingServer();
  proxy = await startConnectProxy();
});

afterEach(async () => {
  await proxy.stop();
  await server.stop();
});

/** As a process of its own: undici reads the proxies from the real environment. */
async function doctorOf(env: Record<string, string>): Promise<{ code: number | null; out: string }> {
  const program = `
    const { doctor } = await import(${sourceUrl("cli/doctor.ts")});
    process.exitCode = await doctor(process.env, process.stdout);
  `;
  const child = startChild(program, { LANGSMITH_ENDPOINT: server.url, ...env });
  const code = await child.exited;
  return { code, out: child.out() };
}

describe("doctor and the proxy", () => {
  it("names the proxy that it goes through, without its password", async () => {
    const { out } = await doctorOf({ HTTP_PROXY: proxy.url.replace("//", "//user:very-secret@") });
    expect(out).toContain(`ok   proxy ${new URL(proxy.url).host} (from the environment; NO_PROXY is not set)`);
    expect(out).toContain("ok   reached in");
    expect(out).not.toContain("very-secret");
    expect(proxy.asked).toContain(new URL(server.url).host);
  }, 60_000);

  it("says of a proxy that does not answer that it is the proxy, and what to set", async () => {
    await proxy.stop();
    const { code, out } = await doctorOf({ HTTP_PROXY: proxy.url });
    expect(out).toContain(`proxy ${new URL(proxy.url).host}`);
    expect(out).toMatch(/BAD {2}no connection: .*ECONNREFUSED/);
    expect(out).toMatch(/proxy .*HTTPS_PROXY.*NO_PROXY/);
    expect(code).toBe(1);
  }, 60_000);

  it("goes past the proxy for the hosts of NO_PROXY, and names none where the address's scheme has none", async () => {
    const { out } = await doctorOf({ HTTP_PROXY: proxy.url, NO_PROXY: "127.0.0.1" });
    expect(out).toContain("NO_PROXY 127.0.0.1");
    expect(out).toContain("ok   reached in");
    const plain = await doctorOf({ HTTPS_PROXY: proxy.url });
    expect(plain.out).toContain("ok   reached in");
    expect(plain.out).not.toContain("ok   proxy");
    expect(proxy.asked).toEqual([]);
  }, 60_000);
});

describe("doctor and compression", () => {
  async function say(): Promise<string> {
    let out = "";
    const write = (text: string) => {
      out += text;
    };
    await doctor({ LANGSMITH_ENDPOINT: server.url }, { write });
    return out;
  }

  it("names what runs are compressed with, sends one so, and says when it is nothing", async () => {
    expect(await say()).toMatch(/ok {3}requests .* compressed with (gzip|zstd)/);
    expect(server.requests.map(({ headers }) => headers["content-encoding"])).toEqual([
      expect.stringMatching(/^(gzip|zstd)$/),
    ]);
    server.info = { ...GENEROUS_INFO, instance_flags: {} };
    expect(await say()).toContain("compressed with nothing");
    expect(server.requests.at(-1)?.headers["content-encoding"]).toBeUndefined();
  }, 60_000);

  it("says when the service refuses the compression that it offers, and what to set", async () => {
    server.behave = ({ headers }) => (headers["content-encoding"] ? { do: "answer", status: 415 } : { do: "take" });
    const out = await say();
    expect(out).toMatch(/note the server refuses (gzip|zstd) bodies/);
    expect(out).toContain('compression: "none"');
    expect(server.runs.size).toBe(1);
  }, 60_000);
});
