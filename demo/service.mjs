// What the demo's two services share: settings from the environment, and a port that is said aloud when it is open.

/**
 * Opens the service on a free port of loopback and prints its address, which run.mjs waits for.
 * @param {import("express").Express} app
 */
export async function listen(app) {
  const server = app.listen(0, "127.0.0.1");
  await new Promise((resolve, reject) => server.once("listening", resolve).once("error", reject));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The service has no port.");
  console.log(`listening on http://127.0.0.1:${address.port}`);
}

/** @param {string} name */
export function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; this service is started by demo/run.mjs.`);
  return value;
}
