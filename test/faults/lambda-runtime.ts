// What the platform does around a handler: invokes it, and tells its answer.
const example: unknown = await import(new URL("../../examples/lambda/handler.ts", import.meta.url).href);
const handler: unknown = typeof example === "object" && example !== null ? Reflect.get(example, "handler") : undefined;
if (typeof handler !== "function") throw new Error("the example has no handler");

process.on("message", (event) => {
  void Promise.resolve(handler(event)).then((answer) => process.send?.(answer));
});
process.send?.("ready");
