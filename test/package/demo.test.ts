// `npm run demo` as a newcomer meets it: how it ends when all is well, when something is wrong, and when it is stopped.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { describe, expect, it } from "vitest";

describe.skipIf(process.platform === "win32")("the demo", () => {
  it("ends by itself with the whole tree of both services printed", async () => {
    const { code, output } = await demo([]);
    expect(code, output).toBe(0);
    expect(output).toMatch(/llm +weather +\d+ ms +73 → 21 tokens/);
    expect(output).toMatch(/llm +concierge +\d+ ms +149 → 22 tokens/);
    expect(output).toMatch(/^\S.* chain +concierge .* 386 → 95 tokens$/m);
    // Without a build, which a fresh clone adds once; the demo itself fails when it is 60 s or more.
    expect(Number(/^It took ([\d.]+) s\.$/m.exec(output)?.[1])).toBeLessThan(60);
    expect(output).toMatch(/page was http:\/\/127\.0\.0\.1:\d+\//);
  });

  it("ends with the reason and a code that is not 0 when it cannot start", async () => {
    const occupied = createServer().listen(0, "127.0.0.1");
    await once(occupied, "listening");
    const address = occupied.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const { code, output } = await demo(["--port", String(port)]);
    occupied.close();
    expect(code, output).toBe(1);
    expect(output).toMatch(/The demo failed\. .*(EADDRINUSE|in use)/);
  });

  it("leaves no process behind when it is stopped in the middle", async () => {
    const { code, output, hasLeftSomethingRunning } = await demo([], (text) => text.includes("> Compare"));
    expect(code, output).toBe(130);
    expect(hasLeftSomethingRunning).toBe(false);
  });

  it("keeps the page up with --serve, until Ctrl-C", async () => {
    let status: number | undefined;
    const { code, output } = await demo(["--serve"], async (text) => {
      const page = /trace's page: (http\S+)/.exec(text)?.[1];
      if (page) status = (await fetch(page)).status;
      return page !== undefined;
    });
    expect(code, output).toBe(130);
    expect(status).toBe(200);
  });
});

interface Ended {
  code: number | null;
  output: string;
  hasLeftSomethingRunning: boolean;
}

/** Runs the demo to its end; sends it SIGINT once its output is what the test waits for. */
async function demo(args: string[], stopOn?: (output: string) => boolean | Promise<boolean>): Promise<Ended> {
  // A process group of its own, so that what it leaves behind can be seen.
  const child = spawn(process.execPath, ["demo/run.mjs", ...args], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const group = child.pid;
  if (group === undefined) throw new Error("The demo did not start.");
  let output = "";
  let isStopped = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", async (text: string) => {
      output += text;
      if (isStopped || !(await stopOn?.(output)) || isStopped) return;
      isStopped = true;
      child.kill("SIGINT");
    });
  }
  const [code] = await once(child, "close");
  return { code: typeof code === "number" ? code : null, output, hasLeftSomethingRunning: isAlive(-group) };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
