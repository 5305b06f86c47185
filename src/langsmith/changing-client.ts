// A native client that changes what it is given before it sends it.

/** The same client, but that each run which it posts or patches is changed first; everything else is the client's own. */
export function changing(client: object, change: (run: unknown) => unknown): object {
  return new Proxy(client, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name === "createRun") {
        return (run: unknown, ...rest: unknown[]) => Reflect.apply(value, target, [change(run), ...rest]);
      }
      if (name === "updateRun") {
        return (id: unknown, run: unknown, ...rest: unknown[]) =>
          Reflect.apply(value, target, [id, change(run), ...rest]);
      }
      return value.bind(target);
    },
  });
}
