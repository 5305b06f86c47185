// Refused runs, kept beside the spool for whoever wants to know why.
import { appendFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Item } from "./item.js";
import { encodeRecord, newFileHead } from "./record.js";

export class Refused {
  readonly #path: string;
  readonly #maxBytes: number;
  readonly #head = newFileHead();
  #writing: Promise<void> = Promise.resolve();
  #count = 0;

  constructor(dir: string, instance: string, maxBytes: number) {
    this.#path = join(dir, `${instance}.refused`);
    this.#maxBytes = maxBytes;
  }

  /** Beyond the bound nothing more is kept. */
  add(item: Item): Promise<void> {
    const added = this.#writing.then(() => this.#append(item));
    this.#writing = added.catch(() => {});
    return added;
  }

  async #append(item: Item): Promise<void> {
    const size = (await stat(this.#path).catch(() => undefined))?.size ?? 0;
    if (size + item.bytes > this.#maxBytes) return;
    const record = encodeRecord(this.#head, this.#count, item);
    this.#count += 1;
    await appendFile(this.#path, size === 0 ? Buffer.concat([this.#head.bytes, record]) : record, { mode: 0o600 });
  }
}
