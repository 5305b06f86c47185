// Sends 50 runs with the journal on and exits in the same turn of the event loop.
import { createDelivery } from "../../../src/delivery/index.js";
import { newRun } from "../runs.js";

const [, , dir = "", apiUrl = ""] = process.argv;
const delivery = createDelivery({ apiUrl, apiKey: "very-secret-key", spool: { dir, mode: "always" } });
for (let i = 0; i < 50; i += 1) delivery.send({ kind: "post", run: newRun() });
process.exit(3);
