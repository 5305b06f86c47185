// Credentials in texts: what an address may carry, and what an answer may echo of a request. They are for no log line.

/** What stands where a credential was cut out. */
const CUT = "[cut]";

/** LangSmith's own keys (`lsv2_pt_…`, `lsv2_sk_…`, `ls__…`), whichever request they were of. */
const KEY = /\bls(?:v2_[a-z]{2,8}_|__)[\w-]{4,}/gi;

/** Headers that carry credentials, whoever set them: a gateway that echoes a request writes them so. */
const HEADER =
  /\b((?:proxy-)?authorization|x-api-key|api-key|x-tenant-id|(?:set-)?cookie)(["']?[ \t]{0,9}[:=][ \t]{0,9}["']?)[^\r\n"',}]+/gi;

/** A secret is known again by so many of its characters: a gateway may echo a part of it. */
const WINDOW = 8;

/** Shorter values would be found everywhere. */
const SHORTEST = 3;

/** A text without LangSmith keys, and without the names and passwords of the addresses in it. */
export function withoutCredentials(text: string): string {
  return text.replace(KEY, CUT).replace(/\/\/[^\s/?#@"']{1,512}@/g, "//");
}

/**
 * An address as it may stand in a log line: without name, password, query and fragment. What is no address is described,
 * since it may be a key that was set in the wrong variable.
 */
export function addressForLog(address: string): string {
  try {
    const { origin, pathname, protocol } = new URL(address);
    if (/^https?:$/.test(protocol)) return withoutCredentials(`${origin}${pathname.replace(/\/$/, "")}`);
  } catch {
    // It is described below.
  }
  const bare = (address.slice(address.lastIndexOf("@") + 1).split(/[?#]/, 1)[0] ?? "").slice(0, 60);
  if (/[.:/]/.test(bare)) return withoutCredentials(bare);
  return `a text of ${address.length} characters`;
}

/** What a request carries that is for the service alone. */
export interface Credentials {
  readonly apiUrl: string;
  readonly apiKey?: string | undefined;
  readonly workspaceId?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** Addresses of proxies, which may carry a name and a password. */
  readonly proxies?: readonly string[];
}

/** The texts that must not be seen again of a request: its key, the values of its headers, what its address carries. */
export function secretsOf({ apiUrl, apiKey, workspaceId, headers = {}, proxies = [] }: Credentials): string[] {
  const values = [apiKey, workspaceId, ...Object.values(headers), ...[apiUrl, ...proxies].flatMap(inAddress)];
  const secrets = new Set<string>();
  for (const value of values) {
    if (typeof value !== "string") continue;
    // `Bearer …`, `Basic …`: the scheme may be gone from what is echoed.
    for (const form of [value.trim(), value.trim().split(/\s+/, 2)[1] ?? ""]) {
      for (const each of spellings(form)) if (each.length >= SHORTEST) secrets.add(each);
    }
  }
  return [...secrets];
}

/** A text without these secrets, nor any eight characters of one, in capitals or not. In linear time. */
export function cutSecrets(text: string, secrets: readonly string[]): string {
  const lower = sameLength(text);
  const windows = new Set<string>();
  const ends = new Map<number, number>();
  const mark = (from: number, to: number) => ends.set(from, Math.max(to, ends.get(from) ?? 0));
  for (const secret of secrets) {
    const sought = sameLength(secret);
    if (sought.length < WINDOW) {
      for (let at = lower.indexOf(sought); at >= 0; at = lower.indexOf(sought, at + sought.length)) {
        mark(at, at + sought.length);
      }
    } else {
      for (let at = 0; at + WINDOW <= sought.length; at += 1) windows.add(sought.slice(at, at + WINDOW));
    }
  }
  if (windows.size > 0) {
    for (let at = 0; at + WINDOW <= lower.length; at += 1) {
      if (windows.has(lower.slice(at, at + WINDOW))) mark(at, at + WINDOW);
    }
  }
  return withoutCredentials(without(text, ends)).replace(HEADER, `$1$2${CUT}`);
}

/** The text with each marked stretch replaced; stretches that touch are one. */
function without(text: string, ends: ReadonlyMap<number, number>): string {
  let kept = "";
  let at = 0;
  let isCut = false;
  for (const [from, to] of [...ends].sort(([one], [other]) => one - other)) {
    if (from > at || !isCut) kept += `${text.slice(at, from)}${CUT}`;
    isCut = true;
    at = Math.max(at, to);
  }
  return kept + text.slice(at);
}

/** In small letters, where that moves no character. */
function sameLength(text: string): string {
  const lower = text.toLowerCase();
  return lower.length === text.length ? lower : text;
}

/** A value as JSON, an address and base64 write it. */
function spellings(value: string): string[] {
  if (value === "") return [];
  const spelled = [value, JSON.stringify(value).slice(1, -1)];
  try {
    spelled.push(encodeURIComponent(value));
  } catch {
    // A lone surrogate stands in no address.
  }
  if (typeof Buffer !== "undefined") spelled.push(Buffer.from(value, "utf8").toString("base64"));
  return spelled;
}

function inAddress(address: string): string[] {
  try {
    const { username, password, searchParams } = new URL(address);
    const basic = username === "" ? "" : btoa(`${username}:${password}`);
    return [username, password, basic, ...searchParams.values()];
  } catch {
    return [];
  }
}
