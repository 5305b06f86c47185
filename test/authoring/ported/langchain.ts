// LangChain and traced functions, each in the other.
import type { Api, Programs } from "./program.js";

async function chainOf() {
  const { FakeListChatModel } = await import("@langchain/core/utils/testing");
  const { ChatPromptTemplate } = await import("@langchain/core/prompts");
  const { StringOutputParser } = await import("@langchain/core/output_parsers");
  const prompt = ChatPromptTemplate.fromMessages([["human", "{text}"]]);
  return prompt.pipe(new FakeListChatModel({ responses: ["42"] })).pipe(new StringOutputParser());
}

async function ended(): Promise<void> {
  const { awaitAllCallbacks } = await import("@langchain/core/callbacks/promises");
  await awaitAllCallbacks();
}

const exclaim = ({ traceable }: Api) => traceable(async (x: string) => `${x}!`, { name: "inner" });

export const langchain: Programs = {
  "LangChain under a traced function, and the other way round": {
    differs: [14],
    async run(api) {
      const { RunnableLambda } = await import("@langchain/core/runnables");
      const inner = exclaim(api);
      const runnable = RunnableLambda.from(async (x: string) => inner(x)).withConfig({ runName: "lambda" });
      const outer = api["traceable"](
        async (x: string) => {
          const callbacks = await api["getLangchainCallbacks"]();
          return [await runnable.invoke(x), await runnable.invoke(x, { callbacks })];
        },
        { name: "outer", metadata: { h: "w" } },
      );
      const result = await outer("a");
      await ended();
      return result;
    },
  },
  "a chain under a traced function": {
    differs: [1, 14],
    async run({ traceable }) {
      const chain = await chainOf();
      const config = { name: "main", tags: ["w"], metadata: { h: "w" } };
      const result = await traceable(async (input: { text: string }) => chain.invoke(input), config)({ text: "hi" });
      await ended();
      return result;
    },
  },
  "a traced function as a step of a chain (RunnableTraceable)": {
    differs: [1],
    async run(api) {
      const chain = (await chainOf()).pipe(api["RunnableTraceable"].from(exclaim(api)));
      const result = await chain.invoke({ text: "hi" });
      await ended();
      return result;
    },
  },
  "a traced function that gets the config of a runnable": {
    async run(api) {
      const { RunnableLambda } = await import("@langchain/core/runnables");
      const inner = exclaim(api);
      const runnable = RunnableLambda.from(async (x: string, config) => inner(config, x));
      const result = await runnable.withConfig({ runName: "lambda" }).invoke("a");
      await ended();
      return result;
    },
  },
  "chains in traced functions in runnables in a traced function": {
    differs: [1],
    async run({ traceable }) {
      const { RunnableLambda } = await import("@langchain/core/runnables");
      const chain = await chainOf();
      const inner = traceable(async (text: string) => chain.invoke({ text }), { name: "inner" });
      const lambda = RunnableLambda.from(async (x: string) => inner(x)).withConfig({ runName: "lambda" });
      const main = traceable(async () => [await lambda.invoke("a"), await lambda.invoke("b")], { name: "main" });
      const result = await main();
      await ended();
      return result;
    },
  },
};
