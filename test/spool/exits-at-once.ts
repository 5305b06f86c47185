// Sends 50 runs and exits in the same turn of the event loop.
import { createDelivery } from "../../src/delivery/index.js";
import { newRun } from "../delivery/runs.js";

const [, , dir = "", apiUrl = "", word] = process.argv;
const mode = word === "always" ? "always" : "failures";
const delivery = createDelivery({ apiUrl, apiKey: "very-secret-key", spool: { dir, mode } });
for (let i = 0; i < 50; i += 1) delivery.send({ kind: "post", run: newRun() });
process.exit(3);
