// The Lambda example under a harness that freezes the process the moment the handler has answered.
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterEach, expect, it } from "vitest";
import { type MisbehavingServer, startMisbehavingServer } from "../delivery/misbehaving-server.js";

let server: MisbehavingServer | undefined;

afterEach(async () => {
  await server?.stop();
});

it("a Lambda handler's runs have all arrived when it answers, though the process is frozen at that moment", async () => {
  server = await startMisbehavingServer();
  // Slow enough that an answer before the flush would be noticed.
  server.behave = () => ({ do: "hang", millis: 30 });
  const child = fork(fileURLToPath(new URL("./lambda-runtime.ts", import.meta.url)), {
    execArgv: ["--import", "tsx"],
    env: {
      ...process.env,
      LANGSMITH_ENDPOINT: server.url,
      LANGSMITH_PROJECT: "lambda",
      TSX_TSCONFIG_PATH: fileURLToPath(new URL("./tsconfig.lambda.json", import.meta.url)),
    },
  });
  try {
    await once(child, "message");
    for (let invocation = 1; invocation <= 3; invocation += 1) {
      child.kill("SIGCONT");
      child.send({ question: `number ${invocation}` });
      const [answer] = await once(child, "message");
      child.kill("SIGSTOP");
      expect(answer).toEqual({ answer: `You asked: number ${invocation}` });
      const whole = [...server.runs.values()].filter((run) => run.fields["end_time"] !== undefined);
      expect(whole).toHaveLength(invocation * 2);
      expect(server.runs.size).toBe(invocation * 2);
    }
  } finally {
    child.kill("SIGKILL");
  }
}, 30_000);
