// wrapOpenAI: the calls that every program makes.
import { caught, drained, type Programs } from "./program.js";

const messages = [{ role: "user", content: "hi" }];
const chat = { model: "gpt-4o", messages } as never;
const streamed = { model: "gpt-4o", messages, stream: true } as never;
const tools = [{ type: "function", function: { name: "get_weather", parameters: { type: "object", properties: {} } } }];

export const clients: Programs = {
  "chat, with parameters": {
    run: async ({ wrapOpenAI, openai }) => {
      const more = { temperature: 0.3, max_tokens: 10, stop: ["x"], seed: 1, user: "u" };
      const answer = await wrapOpenAI(openai()).chat.completions.create({ model: "gpt-4o", messages, ...more });
      return typeof answer.choices[0].message.content;
    },
  },
  "chat, streamed": {
    differs: [4],
    run: async ({ wrapOpenAI, openai }) =>
      (await drained(await wrapOpenAI(openai()).chat.completions.create(streamed))).length > 1,
  },
  "chat, broken off": {
    async run({ wrapOpenAI, openai }) {
      for await (const _ of await wrapOpenAI(openai()).chat.completions.create(streamed)) break;
    },
  },
  "tools, whole": {
    run: async ({ wrapOpenAI, openai }) =>
      void (await wrapOpenAI(openai()).chat.completions.create({ ...(chat as object), tools } as never)),
  },
  "request options and what belongs to one call": {
    differs: [11],
    async run({ wrapOpenAI, openai }) {
      const client = wrapOpenAI(openai());
      const langsmithExtra = { name: "My call", metadata: { u: 1 }, tags: ["x"] };
      await client.chat.completions.create(chat, { langsmithExtra });
      await client.chat.completions.create(chat, { headers: { "x-a": "b" } });
    },
  },
  "options of the wrapper": {
    run: async ({ wrapOpenAI, openai }) =>
      void (await wrapOpenAI(openai(), { metadata: { w: 1 }, tags: ["wt"], name: "NN" }).chat.completions.create(chat)),
  },
  "under a traced function": {
    run: async ({ wrapOpenAI, openai, traceable }) =>
      traceable(async () => void (await wrapOpenAI(openai()).chat.completions.create(chat)), { name: "chain" })(),
  },
  "an error of the service": {
    async run({ wrapOpenAI, openai }) {
      const broken = openai();
      broken.baseURL = `${broken.baseURL}/nowhere`;
      return typeof (await caught(() => wrapOpenAI(broken).chat.completions.create(chat)));
    },
  },
  responses: {
    run: async ({ wrapOpenAI, openai }) =>
      typeof (await wrapOpenAI(openai()).responses.create({ model: "gpt-4o", input: "hi", instructions: "be nice" }))
        .output_text,
  },
  "responses, streamed": {
    differs: [4],
    run: async ({ wrapOpenAI, openai }) =>
      void (await drained(await wrapOpenAI(openai()).responses.create({ model: "gpt-4o", input: "hi", stream: true }))),
  },
  "wrapped twice": {
    differs: [3],
    run: ({ wrapOpenAI, openai }) => caught(() => wrapOpenAI(wrapOpenAI(openai()))),
  },
};
