// A program as users of the langsmith package have them: written once, run through both packages.
import type OpenAI from "openai";

/** The names that both packages have, loosely typed, since their two owners differ. */
export interface Api {
  // biome-ignore lint/suspicious/noExplicitAny: two packages' types in one
  [name: string]: any;
  readonly openai: () => OpenAI;
}

export interface Program {
  run(api: Api): unknown;
  /** By number, the differences of docs/authoring.md that this program shows; it shows no other, and all of these. */
  readonly differs?: readonly number[];
  /** Variables that are set while it runs. */
  readonly env?: Readonly<Record<string, string>>;
}

export type Programs = Readonly<Record<string, Program>>;

/** What a call gives, or the words of what it throws. */
export async function caught(work: () => unknown): Promise<unknown> {
  try {
    return await work();
  } catch (error) {
    return `caught ${error instanceof Error ? error.message : String(error)}`;
  }
}

export async function drained(stream: AsyncIterable<unknown> | Iterable<unknown>): Promise<unknown[]> {
  const chunks: unknown[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}
