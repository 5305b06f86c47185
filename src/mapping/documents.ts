// What retrievers find and embedders count: documents in LangSmith's form, vectors as their number and size.
import type { KeyValues } from "../wire/run.js";
import { decode, decodeText, isObject, put, toText } from "./json.js";

/** A document as LangSmith shows it. */
export interface Document {
  page_content: string;
  metadata: KeyValues;
  type: "Document";
}

const listKeys = ["documents", "outputs", "output", "results", "docs"];
const textKeys = ["page_content", "pageContent", "content", "text", "document", "document.content"];

/** The documents of a list in any form, or of an object around one; undefined where an entry is none. */
export function toDocuments(value: unknown): Document[] | undefined {
  let list = decode(value);
  if (isObject(list)) {
    const around = list;
    const key = listKeys.find((name) => Array.isArray(around[name]));
    if (key === undefined || Object.keys(around).length > 1) return undefined;
    list = around[key];
  }
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const documents = list.map(toDocument);
  return documents.every((document) => document !== undefined) ? documents : undefined;
}

function toDocument(raw: unknown): Document | undefined {
  const entry = decodeText(raw);
  if (typeof entry === "string") return { page_content: entry, metadata: {}, type: "Document" };
  if (!isObject(entry)) return undefined;
  const inner = isObject(entry["document"]) ? entry["document"] : isObject(entry["kwargs"]) ? entry["kwargs"] : entry;
  const textKey = textKeys.find((key) => typeof inner[key] === "string");
  if (textKey === undefined && inner["id"] === undefined) return undefined;
  const metadata: KeyValues = {};
  const stated = decode(inner["metadata"]);
  if (isObject(stated)) for (const key of Object.keys(stated)) put(metadata, key, stated[key]);
  for (const source of inner === entry ? [inner] : [inner, ...("lc" in entry ? [] : [entry])]) {
    for (const key of Object.keys(source)) {
      if (key === textKey || key === "metadata" || key === "document" || key === "vector") continue;
      if (key === "type" && source[key] === "Document") continue;
      put(metadata, key, source[key]);
    }
  }
  return { page_content: textKey === undefined ? "" : (toText(inner[textKey]) ?? ""), metadata, type: "Document" };
}

/** The documents that were put in order, with their scores, from a ranking by index. */
export function toRanked(ranking: unknown, documents: unknown): Document[] | undefined {
  const order = decode(ranking);
  const pool = decode(documents);
  if (!Array.isArray(order) || !Array.isArray(pool)) return undefined;
  const ranked: Document[] = [];
  for (const raw of order) {
    const entry = decode(raw);
    if (!isObject(entry)) return undefined;
    const { index, relevanceScore, score, ...rest } = entry;
    const document = toDocument(pool[typeof index === "number" ? index : -1]);
    if (document === undefined) return undefined;
    const found = relevanceScore ?? score;
    ranked.push({
      ...document,
      metadata: { ...document.metadata, index, ...(found === undefined ? {} : { score: found }), ...rest },
    });
  }
  return ranked;
}

/** The texts to embed: a text, a list of texts (as JSON too), or a request body around them. */
export function toTexts(value: unknown): unknown[] | undefined {
  const found = decodeText(value);
  if (typeof found === "string") return found === "" ? undefined : [found];
  if (isObject(found)) {
    for (const key of ["input", "texts", "values", "value", "text"]) if (key in found) return toTexts(found[key]);
    return undefined;
  }
  if (!Array.isArray(found) || found.length === 0) return undefined;
  return found.map(decodeText);
}

/** Vectors: their number, their length, and themselves. */
export interface Vectors {
  readonly count: number;
  readonly dimensions?: number;
  readonly list: readonly unknown[];
}

/** The vectors of a list, of one vector, or of a response body; undefined where there is none. */
export function toVectors(value: unknown): Vectors | undefined {
  const found = decode(value);
  if (isObject(found)) {
    for (const key of ["data", "embeddings", "embedding"]) if (found[key] !== undefined) return toVectors(found[key]);
    return undefined;
  }
  if (!Array.isArray(found) || found.length === 0) return undefined;
  if (typeof found[0] === "number") return { count: 1, dimensions: found.length, list: [found] };
  const list = found.flatMap((entry) => {
    const vector = decode(entry);
    const inner = isObject(vector)
      ? isObject(vector["embedding"])
        ? vector["embedding"]["vector"]
        : (vector["embedding"] ?? vector["vector"])
      : vector;
    const decoded = decode(inner);
    return Array.isArray(decoded) || typeof decoded === "string" ? [decoded] : [];
  });
  const first = list[0];
  if (first === undefined) return undefined;
  return { count: list.length, ...(Array.isArray(first) ? { dimensions: first.length } : {}), list };
}

/** Texts that stand beside their vectors; undefined where there are none. */
export function textsOfVectors(value: unknown): unknown[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const texts = value.flatMap((entry) => {
    const inner = isObject(entry) && isObject(entry["embedding"]) ? entry["embedding"] : entry;
    return isObject(inner) && typeof inner["text"] === "string" ? [inner["text"]] : [];
  });
  return texts.length === 0 ? undefined : texts;
}
