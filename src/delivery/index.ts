// Delivery: what the other rooms may use of it.
import { openDelivery } from "./open.js";
import type { Delivery } from "./operation.js";
import type { DeliveryOptions } from "./options.js";

export type { Delivery, DeliveryStats, Loss, LossCause, Operation } from "./operation.js";
export { DEFAULT_QUEUE_BYTES, type DeliveryOptions, type RetryPolicy, type SpoolOptions } from "./options.js";
export { parseRunsEndpoints, type ReplicaOptions } from "./replicas.js";

/**
 * Opens a delivery to one destination. Without a spool nothing is sent, and no connection made, before the first run;
 * with one, what earlier processes left there is sent in the background.
 *
 * @example
 * ```ts
 * const delivery = createDelivery({ apiUrl: "http://127.0.0.1:1984" });
 * delivery.send({ kind: "post", run });
 * await delivery.shutdown(5_000);
 * ```
 */
export function createDelivery(options: DeliveryOptions): Delivery {
  return openDelivery(options).delivery;
}
