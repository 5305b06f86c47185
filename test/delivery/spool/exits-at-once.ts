// Sends 50 runs with the journal on and exits in the same turn of the event loop.
import { createDelivery } from "../../../src/delivery/index.js";
import { newRun } from "../runs.js";

const [, , dir = "", apiUrl = ""] = process.argv;
const delivery = createDelivery({ apiUrl, apiKey: "very-secret-key", spool: { dir, mode: "always" } });
// The directory is made in the background; a process that lives for less than that has nothing to write into.
await new Promise((resolve) => setTimeout(resolve, 200));
for (let i = 0; i < 50; i += 1) delivery.send({ kind: "post", run: newRun() });
process.exit(3);
