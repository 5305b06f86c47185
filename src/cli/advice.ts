// What the doctor says of a failure, and what to do about it.
import type { ServiceError } from "../service/errors.js";

const QUOTA = "Raise the limit in LangSmith under Settings, Usage limits, or trace less: samplingRate, traces.";
const LATER = "Try again in a while; the bridge does so by itself, and keeps the runs while they fit.";

/** What to do about an answer that is not as LangSmith's are. */
export const CHECK_ADDRESS = "Check LANGSMITH_ENDPOINT; of a self-hosted installation it ends in /api/v1.";

/** What to do about an answer that is neither a success nor about the key; undefined where the call is not there. */
export function adviceOnStatus(status: number, isQuota: boolean): string | undefined {
  if (isQuota) return QUOTA;
  if (status === 408 || status === 425 || status === 429 || (status >= 500 && status !== 501)) return LATER;
  if (status === 404 || status === 405 || status === 410 || status === 501) return undefined;
  return CHECK_ADDRESS;
}

/** What to do about a run that was not taken. */
export function adviceOnDelivery(error: ServiceError | undefined): string {
  switch (error?.kind) {
    case "unauthorized":
    case "forbidden":
      return "The key may read, but not write. Set LANGSMITH_API_KEY to one that may, and LANGSMITH_WORKSPACE_ID where it belongs to an organisation.";
    case "throttled":
      return error.isQuota ? QUOTA : LATER;
    case "unavailable":
    case "stopped":
      return LATER;
    case "misconfigured":
      return `What answers there takes no runs. ${CHECK_ADDRESS}`;
    default:
      return "The service refuses a run that keeps its rules: it may be older or newer than this bridge. Update both, and say so to its makers.";
  }
}

/** What to do about a key that is refused: the address is right, since what answers there knows of keys. */
export function adviceOnKey(status: 401 | 403, hasKey: boolean): string {
  if (!hasKey) return "Set LANGSMITH_API_KEY to a key of this installation and region.";
  return status === 401
    ? "Set LANGSMITH_API_KEY to a key of this installation and region that has not been revoked."
    : "Set LANGSMITH_API_KEY to a key of this installation and region. A key of an organisation needs LANGSMITH_WORKSPACE_ID, too; a key of a workspace wants it unset or its own.";
}

/** What to do where there is no answer. */
export function whatToDo(what: string, proxy: string | undefined): string {
  if (proxy && !/CERT|SELF_SIGNED|UNABLE_TO/.test(what)) {
    return `The proxy ${proxy} stands between. Check HTTPS_PROXY and HTTP_PROXY, or name the host in NO_PROXY.`;
  }
  if (/ENOTFOUND|EAI_AGAIN/.test(what)) return "The host's name cannot be resolved. Check LANGSMITH_ENDPOINT and DNS.";
  if (/ECONNREFUSED/.test(what))
    return "Nothing listens there. Check LANGSMITH_ENDPOINT, or start the local server: npx otel-langsmith-local";
  if (/CERT|SELF_SIGNED|UNABLE_TO/.test(what)) {
    return "The certificate is not trusted. Give your CA to Node with NODE_EXTRA_CA_CERTS=/path/ca.pem.";
  }
  if (/imeout|TIMEOUT|ETIMEDOUT|no answer within/.test(what))
    return "A firewall may drop the connection. Is there a proxy to use? Set HTTPS_PROXY.";
  return "Check LANGSMITH_ENDPOINT and the network.";
}
