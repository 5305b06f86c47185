// Where the command talks to: the same variables as the processor's.

import { addressForLog } from "../credentials.js";
import { type Environment, langsmithVariable } from "../options/environment.js";
import { isLocalAddress } from "../options/options.js";
import { withoutSlashesAtEnd } from "../wire/address.js";

export interface Destination {
  readonly apiUrl: string;
  readonly apiKey: string | undefined;
  readonly workspaceId: string | undefined;
}

/** The destination of the environment, or what is wrong with it and what to do. */
export function destinationOf(env: Environment): Destination | string {
  const apiUrl = withoutSlashesAtEnd(langsmithVariable(env, "ENDPOINT") ?? "https://api.smith.langchain.com");
  const apiKey = langsmithVariable(env, "API_KEY");
  const workspaceId = langsmithVariable(env, "WORKSPACE_ID");
  try {
    if (!/^https?:$/.test(new URL(apiUrl).protocol)) throw new Error("not http");
  } catch {
    return `LANGSMITH_ENDPOINT is not an http(s) address: ${addressForLog(apiUrl)}. For LangSmith's own service leave it unset.`;
  }
  if (apiKey === undefined && !isLocalAddress(apiUrl)) {
    return `LANGSMITH_API_KEY is not set, and ${new URL(apiUrl).host} wants one. Make a key in LangSmith's settings and set it.`;
  }
  return { apiUrl, apiKey, workspaceId };
}
