// A batch as one JSON document, for servers without the multipart endpoint. Attachments have no place in it: they are
// counted as lost.
import type { Item } from "./item.js";

/** `{ "post": [run], "patch": [run] }`, put together from the bytes that were written already. */
export function encodeJsonBatch(items: readonly Item[]): Buffer {
  const pieces: Uint8Array[] = [];
  const text = (value: string) => pieces.push(Buffer.from(value));
  text("{");
  for (const verb of ["post", "patch"] as const) {
    text(`${verb === "post" ? "" : ","}"${verb}":[`);
    let isFirst = true;
    for (const item of items) {
      if (item.verb !== verb) continue;
      if (!isFirst) text(",");
      isFirst = false;
      // The core is a JSON object that is never empty: without its closing brace the fields go on in it.
      pieces.push(item.parts.core.subarray(0, -1));
      for (const [field, json] of item.parts.fields) {
        text(`,"${field}":`);
        pieces.push(json);
      }
      text("}");
    }
    text("]");
  }
  text("}");
  return Buffer.concat(pieces);
}
