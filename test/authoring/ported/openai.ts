// wrapOpenAI by every way of the client: helpers, several choices, tools, errors, older and rarer calls.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import OpenAI, { AzureOpenAI } from "openai";
import { type Api, caught, drained, type Programs } from "./program.js";

const model = "gpt-4o";
const messages = [{ role: "user" as const, content: "hi" }];
const parameters = { type: "object", properties: { city: { type: "string" } } };
const weather = "What is the weather in Paris?";
const tools = [{ type: "function" as const, function: { name: "get_weather", parameters } }];
const json = { type: "json_schema" as const, json_schema: { name: "forecast", schema: { type: "object" } } };
const say = (content: string) => [{ role: "user" as const, content }];

const wrapped = ({ wrapOpenAI, openai }: Api, options?: object) => wrapOpenAI(openai(), options) as OpenAI;

/** A client of a server that answers with what is given for a path. */
async function answered<Result>(answers: Record<string, unknown>, use: (client: OpenAI) => Result) {
  const server = createServer((request, reply) => {
    const path = (request.url ?? "").replace(/\?.*/, "").replace(/^.*\/deployments\/[^/]+/, "");
    const [body] = [answers[path]];
    reply.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" });
    reply.end(JSON.stringify(body ?? { error: { message: "no such path" } }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await use(new OpenAI({ apiKey: "not-a-key", baseURL: `http://127.0.0.1:${port}`, maxRetries: 0 }));
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

const completion = {
  id: "c",
  object: "chat.completion",
  created: 1,
  model,
  choices: [{ index: 0, finish_reason: "stop", message: { role: "assistant", content: null, refusal: "no" } }],
  usage: { prompt_tokens: 3, completion_tokens: 1, total_tokens: 4 },
};

export const openai: Programs = {
  "several choices, whole and streamed": {
    differs: [4],
    async run(api) {
      const { chat } = wrapped(api);
      await chat.completions.create({ model, messages, n: 2 });
      await drained(await chat.completions.create({ model, messages, n: 2, stream: true }));
    },
  },
  "a stream with its usage": {
    differs: [4],
    async run(api) {
      const options = { stream: true, stream_options: { include_usage: true } } as const;
      return (await drained(await wrapped(api).chat.completions.create({ model, messages, ...options }))).length > 1;
    },
  },
  "a stream that the service breaks off": {
    differs: [4],
    async run(api) {
      const asked = { model, messages: say("TRIGGER_MIDSTREAM"), stream: true } as const;
      return typeof (await caught(async () => drained(await wrapped(api).chat.completions.create(asked))));
    },
  },
  "tools, streamed": {
    differs: [4],
    run: async (api) =>
      void (await drained(
        await wrapped(api).chat.completions.create({ model, messages: say(weather), tools, stream: true }),
      )),
  },
  "two tools of one streamed choice": {
    differs: [4, 11],
    run: async (api) =>
      void (await drained(
        await wrapped(api).chat.completions.create({
          model,
          messages: say("Compare the weather in Paris and Oslo"),
          tools,
          stream: true,
        }),
      )),
  },
  "errors of the service, whole and streamed": {
    async run(api) {
      const { chat } = wrapped(api);
      const words: unknown[] = [];
      for (const trigger of ["TRIGGER_400", "TRIGGER_429", "TRIGGER_500"]) {
        for (const stream of [false, true]) {
          words.push(await caught(() => chat.completions.create({ model, messages: say(trigger), stream })));
        }
      }
      return words;
    },
  },
  "every option of the wrapper": {
    run: async (api) => {
      const metadata = { w: 1, ls_invocation_params: { env: "prod" } };
      const options = { metadata, tags: ["wt"], name: "NN", run_type: "tool" };
      await wrapped(api, options).chat.completions.create({ model, messages });
    },
  },
  "tracingEnabled: false of the wrapper": {
    run: async (api) =>
      void (await wrapped(api, { tracingEnabled: false }).chat.completions.create({ model, messages })),
  },
  "under a run tree": {
    async run(api) {
      const client = wrapped(api);
      const tree = new api["RunTree"]({ name: "p" });
      await tree.postRun();
      await api["withRunTree"](tree, () => client.chat.completions.create({ model, messages }));
      await tree.end();
      await tree.patchRun();
    },
  },
  parse: {
    async run(api) {
      const { choices } = await wrapped(api).chat.completions.parse({ model, messages, response_format: json });
      return choices[0]?.message.content;
    },
  },
  "the stream helper, by what it ends in": {
    differs: [4],
    async run(api) {
      const { choices } = await wrapped(api).chat.completions.stream({ model, messages }).finalChatCompletion();
      return choices[0]?.message.content;
    },
  },
  "the stream helper, by its events": {
    differs: [8],
    async run(api) {
      const stream = wrapped(api).chat.completions.stream({ model, messages });
      const deltas: string[] = [];
      stream.on("content", (delta) => deltas.push(delta));
      await stream.done();
      return deltas.join("");
    },
  },
  "runTools, which calls the model again": {
    differs: [11],
    async run(api) {
      const get_weather = {
        name: "get_weather",
        description: "d",
        parameters,
        parse: JSON.parse,
        function: () => "sunny",
      };
      const runner = wrapped(api).chat.completions.runTools({
        model,
        messages: say(weather),
        tools: [{ type: "function", function: get_weather }],
      } as never);
      return typeof (await runner.finalContent());
    },
  },
  "responses with tools, whole, parsed and by the stream helper": {
    differs: [4],
    async run(api) {
      const { responses } = wrapped(api);
      const tool = { type: "function" as const, name: "get_weather", parameters, strict: false };
      await responses.create({ model, input: say(weather), tools: [tool] });
      const format = { type: "json_schema" as const, name: "forecast", schema: { type: "object" } };
      const parsed = await responses.parse({ model, input: "hi", text: { format } });
      const final = await responses.stream({ model, input: "hi" }).finalResponse();
      return [typeof parsed.output_text, typeof final.output_text];
    },
  },
  embeddings: {
    differs: [11],
    async run(api) {
      const { data } = await wrapped(api).embeddings.create({ model: "text-embedding-3-small", input: "x" });
      return data[0]?.embedding.length;
    },
  },
  "completions, and their usage": {
    differs: [11],
    run: ({ wrapOpenAI }) => {
      const choices = [{ text: "done", index: 0, logprobs: null, finish_reason: "stop" }];
      const answer = { ...completion, object: "text_completion", choices };
      return answered(
        { "/completions": answer },
        async (client) => void (await wrapOpenAI(client).completions.create({ model: "davinci", prompt: "p" })),
      );
    },
  },
  "a refusal, a service tier, Azure": {
    run: ({ wrapOpenAI }) =>
      answered({ "/chat/completions": { ...completion, service_tier: "flex" } }, async (client) => {
        await wrapOpenAI(client).chat.completions.create({ model, messages, service_tier: "flex" });
        const options = { apiKey: "not-a-key", apiVersion: "2024-10-21", baseURL: client.baseURL };
        await wrapOpenAI(new AzureOpenAI(options)).chat.completions.create({ model, messages });
      }),
  },
  "what is not traced: models, responses that are read again": {
    run: ({ wrapOpenAI }) =>
      answered({ "/models": { object: "list", data: [{ id: "m" }] }, "/responses/r": { id: "r" } }, async (bare) => {
        const client = wrapOpenAI(bare);
        const ids: string[] = [];
        for await (const { id } of client.models.list()) ids.push(id);
        return [ids, (await client.responses.retrieve("r")).id];
      }),
  },
  "withResponse and withOptions": {
    differs: [9],
    run: (api) =>
      caught(async () => {
        const client = wrapped(api).withOptions({ timeout: 5000 });
        const { response } = await client.chat.completions.create({ model, messages }).withResponse();
        return response.status;
      }),
  },
};
