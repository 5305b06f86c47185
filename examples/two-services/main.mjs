// Two HTTP services in two processes, one tree: `node examples/two-services/main.mjs`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expectTrees, openServer } from "../local.mjs";

const server = await openServer("two-services");

/** A service with the bridge preloaded; resolves with its address. */
async function start(name, env = {}) {
  const file = fileURLToPath(new URL(`./${name}.mjs`, import.meta.url));
  const child = spawn(process.execPath, ["--import", "otel-langsmith/register", file], {
    env: { ...process.env, OTEL_SERVICE_NAME: name, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const address = /listening on (\S+)/.exec(line)?.[1];
    if (address) return { child, address };
  }
  throw new Error(`${name} did not start`);
}

const weather = await start("weather");
const agent = await start("agent", { WEATHER_URL: weather.address });
try {
  console.log(await (await fetch(`${agent.address}/ask?city=Rome`)).text());
} finally {
  for (const { child } of [agent, weather]) {
    child.kill();
    await once(child, "exit");
  }
}
await expectTrees(server.url, ["GET(invoke_agent(GET /weather(chat)))"]);
await server.close();
