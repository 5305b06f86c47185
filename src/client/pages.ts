// Lists that come a page at a time: a promise of the first page that can also be iterated to the end.
import { field } from "./projects.js";

/** One page of a list, with what leads to the next. */
export interface Page<Item> {
  readonly items: Item[];
  readonly next_cursor: string;
  hasNextPage(): boolean;
  getNextPage(): Promise<Page<Item>>;
  /** This page's items, and those of all pages after it, each asked for when it is needed. */
  [Symbol.asyncIterator](): AsyncIterator<Item>;
}

/** A first page to await, or all items to iterate. */
export type PagePromise<Item> = Promise<Page<Item>> & AsyncIterable<Item>;

/** Asks for pages by their cursor; nothing is asked before it is awaited or iterated. */
export function pages<Item>(ask: (cursor: string | undefined) => Promise<unknown>): PagePromise<Item> {
  let first: Promise<Page<Item>> | undefined;
  const start = () => {
    first ??= pageAt(ask, undefined);
    return first;
  };
  const lazy: Omit<Promise<Page<Item>>, typeof Symbol.toStringTag> & AsyncIterable<Item> = {
    // biome-ignore lint/suspicious/noThenProperty: it is awaited for its first page
    then: (onfulfilled, onrejected) => start().then(onfulfilled, onrejected),
    catch: (onrejected) => start().catch(onrejected),
    finally: (onfinally) => start().finally(onfinally),
    async *[Symbol.asyncIterator]() {
      yield* await start();
    },
  };
  return Object.assign(lazy, { [Symbol.toStringTag]: "PagePromise" });
}

async function pageAt<Item>(
  ask: (cursor: string | undefined) => Promise<unknown>,
  cursor: string | undefined,
): Promise<Page<Item>> {
  const answer = await ask(cursor);
  const list = field(answer, "items");
  const next = field(answer, "next_cursor");
  const page: Page<Item> = {
    // What the service answers with is what it describes.
    items: Array.isArray(list) ? (list as Item[]) : [],
    next_cursor: typeof next === "string" ? next : "",
    hasNextPage: () => page.next_cursor !== "" && page.items.length > 0,
    getNextPage: () => pageAt(ask, page.next_cursor),
    async *[Symbol.asyncIterator]() {
      for (let at = page; ; at = await at.getNextPage()) {
        yield* at.items;
        if (!at.hasNextPage()) return;
      }
    },
  };
  return page;
}
