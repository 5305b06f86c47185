// Puts flattened attributes (`0.message.role`, `0.message.content`) together again, whatever the indices are.
import { put } from "./json.js";

/** Deeper paths keep their rest as one key. */
const maxDepth = 24;

/** What stands below a place, by the next segment: branches, and values. */
class Branch extends Map<string, unknown> {}

/** A path's segments: `0.message.role` is three. Deeper paths keep their rest as one. */
export function segmentsOf(path: string): readonly string[] {
  const segments = path.split(".");
  return segments.length <= maxDepth
    ? segments
    : [...segments.slice(0, maxDepth - 1), segments.slice(maxDepth - 1).join(".")];
}

/**
 * The value that these paths describe. Where all keys at a place are indices it is a list, in the order of the indices
 * and without holes: `9999999` costs one entry. Where a path goes through a value that is there already, the value stays
 * beside it under the empty key.
 */
export function unflatten(
  entries: readonly (readonly [path: readonly string[], value: unknown, ...unknown[]])[],
): unknown {
  const root = new Branch();
  for (const [path, value] of entries) insert(root, path, value);
  return build(root);
}

function insert(root: Branch, path: readonly string[], value: unknown): void {
  let branch = root;
  const last = path.length - 1;
  for (let depth = 0; depth < last; depth += 1) {
    const segment = path[depth] ?? "";
    const existing = branch.get(segment);
    if (existing instanceof Branch) {
      branch = existing;
    } else {
      const next = new Branch();
      if (existing !== undefined) next.set("", existing);
      branch.set(segment, next);
      branch = next;
    }
  }
  const segment = path[last] ?? "";
  const existing = branch.get(segment);
  if (existing instanceof Branch) existing.set("", value);
  else branch.set(segment, value);
}

function build(branch: Branch): unknown {
  let isList = branch.size > 0;
  for (const key of branch.keys()) {
    if (!isIndex(key)) {
      isList = false;
      break;
    }
  }
  if (isList) {
    const keys = [...branch.keys()];
    if (keys.some((key, at) => at > 0 && Number(keys[at - 1]) > Number(key)))
      keys.sort((a, b) => Number(a) - Number(b));
    return keys.map((key) => valueAt(branch, key));
  }
  const object: Record<string, unknown> = {};
  for (const key of branch.keys()) put(object, key, valueAt(branch, key));
  return object;
}

function valueAt(branch: Branch, key: string): unknown {
  const child = branch.get(key);
  return child instanceof Branch ? build(child) : child;
}

function isIndex(key: string): boolean {
  if (key.length === 0 || key.length > 20) return false;
  for (let at = 0; at < key.length; at += 1) {
    const code = key.charCodeAt(at);
    if (code < 48 || code > 57) return false;
  }
  return true;
}
