// wrapSDK, and OpenAI's images and audio.
import OpenAI, { toFile } from "openai";
import { afterAll, beforeAll, expect, it } from "vitest";
import { wrapOpenAI } from "../../../src/authoring/wrappers/openai.js";
import { wrapSDK } from "../../../src/authoring/wrappers/sdk.js";
import { startBridge, treeOf } from "../../processor/bridge.js";
import { startMessageServer } from "./message-server.js";

class Model {
  #calls = 0;
  readonly version = 3;
  readonly made = new Date(0);
  readonly chat = { complete: async (prompt: string) => `${prompt}!`, list: ["a"] };
  ask(prompt: string): string {
    this.#calls += 1;
    return `${prompt} ${this.#calls}`;
  }
}

it("wrapSDK traces every method of a client and of its parts by its path, and leaves its values", async () => {
  const bridge = await startBridge();
  const bare = new Model();
  const model = wrapSDK(bare, { tags: ["t"] });
  expect(model.ask("why")).toBe("why 1");
  expect(await model.chat.complete("hi")).toBe("hi!");
  expect([model.version, model.made, model.chat.list]).toEqual([3, bare.made, ["a"]]);
  expect(model).toBeInstanceOf(Model);
  expect(wrapSDK(bare, { name: "Mine", run_type: "tool" }).ask("again")).toBe("again 2");
  const receiver = await bridge.finish();
  expect(treeOf(receiver)).toEqual(["Model.ask", "Model.chat.complete", "Mine.ask"]);
  expect(receiver.one("Model.ask")).toMatchObject({ run_type: "llm", tags: ["t"], outputs: { outputs: "why 1" } });
  expect(receiver.one("Mine.ask").run_type).toBe("tool");
});

let server: Awaited<ReturnType<typeof startMessageServer>>;
beforeAll(async () => {
  server = await startMessageServer();
});
afterAll(() => server.close());

it("wrapOpenAI traces images and audio, with their tokens and without the bytes of a sound", async () => {
  const bridge = await startBridge();
  const openai = wrapOpenAI(new OpenAI({ baseURL: server.url, apiKey: "not-a-key", maxRetries: 0 }));
  await openai.images.generate({ model: "gpt-image-1", prompt: "a cat" });
  const file = await toFile(Buffer.from("sound"), "sound.mp3");
  await openai.audio.transcriptions.create({ model: "gpt-4o-transcribe", file });
  const speech = await openai.audio.speech.create({ model: "tts-1", voice: "alloy", input: "hello" });
  expect(await speech.text()).toBe("sound");
  const receiver = await bridge.finish();
  expect(receiver.one("OpenAIImages")).toMatchObject({
    run_type: "llm",
    inputs: { prompt: "a cat" },
    outputs: { data: [{ revised_prompt: "a cat" }] },
    extra: { metadata: { ls_provider: "openai", ls_model_name: "gpt-image-1", usage_metadata: { input_tokens: 10 } } },
  });
  expect(receiver.one("OpenAITranscriptions").outputs).toMatchObject({ text: "hello" });
  expect(receiver.one("OpenAISpeech").inputs).toMatchObject({ input: "hello", voice: "alloy" });
  expect(JSON.stringify(receiver.one("OpenAISpeech").outputs)).not.toContain("not-a-key");
});
