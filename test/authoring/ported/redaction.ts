// What a client was told, and runs that go through a client alone.
import type { Api, Programs } from "./program.js";

/** Makes a client, uses it, and sends what it holds. */
async function withClient({ Client }: Api, options: object, use: (client: object) => unknown): Promise<void> {
  const client = new Client({ apiKey: "not-a-key", ...options });
  await use(client);
  await client.flush();
  await client.awaitPendingTraceBatches();
}

export const redaction: Programs = {
  "a client that hides inputs and rewrites outputs": {
    run: (api) =>
      withClient(api, { hideInputs: true, hideOutputs: () => ({ red: 1 }) }, (client) =>
        api["traceable"](async (x: object) => ({ secret: x }), { name: "f", client })({ pw: "hunter2" }),
      ),
  },
  "a client with an anonymizer": {
    run: (api) => {
      const anonymizer = (values: object) => JSON.parse(JSON.stringify(values).replaceAll("hunter2", "***"));
      return withClient(api, { anonymizer }, (client) =>
        api["traceable"](async (x: object) => ({ secret: x }), { name: "f", client })({ pw: "hunter2" }),
      );
    },
  },
  "a client that hides, of a run tree and its children": {
    run: (api) =>
      withClient(api, { hideInputs: true, hideOutputs: true }, async (client) => {
        const tree = new api["RunTree"]({ name: "p", inputs: { pw: "hunter2" }, client });
        await tree.postRun();
        const child = tree.createChild({ name: "c", inputs: { pw: "hunter2" } });
        await child.postRun();
        await child.end({ pw: "hunter2" });
        await child.patchRun();
        await tree.end({ pw: "hunter2" });
        await tree.patchRun();
      }),
  },
  "a client that samples nothing": {
    run: (api) =>
      withClient(api, { tracingSamplingRate: 0 }, (client) =>
        api["traceable"](async (x: number) => x, { name: "f", client })(1),
      ),
  },
  "createRun and updateRun": {
    run: (api) =>
      withClient(api, {}, async (client) => {
        const start_time = Date.now() - 2000;
        const project_name = process.env["LANGSMITH_PROJECT"];
        const id: string = api["uuid7FromTime"](start_time);
        const stamp = new Date(start_time).toISOString().replaceAll(/[-:.Z]/g, "");
        const place = { trace_id: id, dotted_order: `${stamp}000Z${id}` };
        const { createRun, updateRun } = client as Record<"createRun" | "updateRun", (...args: unknown[]) => unknown>;
        await createRun.call(client, {
          id,
          name: "manual",
          run_type: "chain",
          inputs: { a: 1 },
          start_time,
          project_name,
          ...place,
        });
        await updateRun.call(client, id, { outputs: { b: 1 }, end_time: start_time + 1000, ...place });
      }),
  },
};
