// Names of options: one that nobody knows is an error that names the nearest, since what it asked for would not be done.
import { LangSmithOptionError } from "../errors.js";

/** What other packages call an option that has another name here. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  anonymizer: "hideInputs, hideOutputs and hideMetadata",
  api_key: "apiKey",
  api_url: "apiUrl",
  apiEndpoint: "apiUrl",
  baseURL: "apiUrl",
  callerOptions: "maxConcurrentRequests",
  endpoint: "apiUrl",
  fetchImplementation: "dispatcher",
  fetchOptions: "dispatcher",
  headers: "dispatcher",
  project: "projectName",
  projectName: "project_name",
  project_name: "projectName",
  sampleRate: "samplingRate",
  session: "projectName",
  tenantId: "workspaceId",
  timeout_ms: "requestTimeoutMillis",
  tracingEnabled: "enabled",
  tracingSamplingRate: "samplingRate",
  transformExportedSpan: "transformRun",
  url: "apiUrl",
  workspace_id: "workspaceId",
};

/**
 * Checks that an object of options has no name that is not known. A name whose value is undefined is no option.
 *
 * @param within where the options stand, as in `replicas[0]`, for the error
 * @throws LangSmithOptionError that names the option and the nearest known one
 */
export function checkNames(given: object, known: readonly string[], within = ""): void {
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || known.includes(name)) continue;
    throw unknownOption(name, known, within);
  }
}

/** The error of an option that is not known. */
export function unknownOption(name: string, known: readonly string[], within = ""): LangSmithOptionError {
  const near = nearestName(name, known);
  const hint = near === undefined ? `known are ${known.join(", ")}` : `did you mean ${near}?`;
  return LangSmithOptionError.unknown(within === "" ? name : `${within}.${name}`, hint);
}

/** Names that ask for hiding, masking or sampling: what is not done of that is no small matter. */
const PRIVATE =
  /hid(?:e|den)|mask|anonym|redact|scrub|sampl|secret|privacy|sanitiz|omit|process_?(?:in|out)put|extract_?attach/i;

/** Whether a name that is not known asks for hiding, masking or sampling, or means one that does. */
export function isAboutPrivacy(name: string, known: readonly string[]): boolean {
  return PRIVATE.test(name) || PRIVATE.test(nearestName(name, known) ?? "");
}

/** The known name that is meant, most likely; undefined where none is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const elsewhere = ELSEWHERE[name];
  if (elsewhere?.split(/, | and /).every((each) => known.includes(each))) return elsewhere;
  const wanted = plain(name);
  let best: { readonly name: string; readonly distance: number } | undefined;
  for (const each of known) {
    const candidate = plain(each);
    const isPart = wanted.length > 3 && (candidate.includes(wanted) || wanted.includes(candidate));
    const apart = Math.abs(wanted.length - candidate.length);
    const distance = isPart ? Math.min(1, apart) * (1 + apart / 100) : distanceOf(wanted, candidate);
    if (distance <= Math.max(2, candidate.length / 3) && (!best || distance < best.distance)) {
      best = { name: each, distance };
    }
  }
  return best?.name;
}

function plain(name: string): string {
  // Somebody's own data may stand here: its length is bounded.
  return name.slice(0, 60).replaceAll("_", "").toLowerCase();
}

/** How many letters are to be changed, added or left out to make one word of another. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
