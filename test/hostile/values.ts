// Values that break what reads them: getters and traps that throw, cycles, depth, size, half characters, NUL.
import fc from "fast-check";

function fail(what: string): never {
  throw new Error(what);
}

function nested(depth: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = "the innermost";
  for (let level = 0; level < depth; level += 1) value = wrap(value);
  return value;
}

function cycle(): object {
  const value: Record<string, unknown> = { a: 1 };
  value["self"] = value;
  return value;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** Each is made anew: some of them can be read once. */
export const hostileValues: Readonly<Record<string, () => unknown>> = {
  "a getter that throws": () => ({
    get x() {
      return fail("a getter");
    },
    y: 1,
  }),
  "a getter that throws what cannot be read": () => ({
    get x() {
      throw revoked();
    },
  }),
  "toJSON that throws": () => ({ toJSON: () => fail("toJSON") }),
  "toJSON that goes on": () => {
    const again = { toJSON: () => ({ n: 1, ...again }) };
    return again;
  },
  "a proxy whose traps throw": () =>
    new Proxy(
      {},
      {
        get: () => fail("get"),
        has: () => fail("has"),
        ownKeys: () => fail("ownKeys"),
        getPrototypeOf: () => fail("getPrototypeOf"),
        getOwnPropertyDescriptor: () => fail("getOwnPropertyDescriptor"),
      },
    ),
  "a proxy that is its own child": () =>
    new Proxy({ a: 1 }, { get: (_target, key, itself) => (key === "a" ? itself : undefined) }),
  "a revoked proxy": revoked,
  "a list with a revoked proxy": () => [1, revoked(), 2],
  "a cycle": cycle,
  "3,000 levels of objects": () => nested(3_000, (inner) => ({ inner })),
  "3,000 levels of lists": () => nested(3_000, (inner) => [inner]),
  "a list with holes": () => Object.assign([], { length: 300_000 }),
  "5,000 keys": () => Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`k${at}`, at])),
  "a text of 500 kB": () => "x".repeat(500_000),
  "half characters": () => ({ "\ud800": "\udc00 \ud83d", ok: "\ud83d\ude00" }),
  "half characters, 20,000 of them": () => "\ud800".repeat(20_000),
  NUL: () => ({ "\0": "a\0b", list: ["\0"] }),
  "line separators": () => "\u2028\u2029\u202e\r\n",
  "keys of a prototype": () =>
    JSON.parse('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":1}'),
  "no prototype": () => Object.assign(Object.create(null), { a: 1 }),
  "a large bigint": () => 10n ** 500n,
  "numbers that JSON has not": () => [Number.NaN, Number.POSITIVE_INFINITY, -0],
  "a symbol": () => Symbol("s"),
  "a function whose name throws": () => Object.defineProperty(() => 1, "name", { get: () => fail("name") }),
  "an invalid date": () => new Date(Number.NaN),
  "a date that throws": () => Object.assign(new Date(), { toISOString: () => fail("toISOString") }),
  "a map with keys of any kind": () =>
    new Map<unknown, unknown>([
      ["__proto__", { polluted: 1 }],
      [{}, 1],
      [Symbol("s"), 2],
    ]),
  bytes: () => new Uint8Array(100_000),
  "an error with a cycle": () => Object.assign(new Error("e", { cause: cycle() }), { self: cycle() }),
  "an error whose message throws": () =>
    Object.defineProperty(new Error("e"), "message", { get: () => fail("message") }),
  "a generator": () =>
    (function* () {
      yield 1;
    })(),
};

/** How a value is made: fast-check looks into what it generates, and these do not bear it. */
export interface Recipe {
  readonly what: string;
  readonly make: () => unknown;
}

const named: fc.Arbitrary<Recipe> = fc
  .constantFrom(...Object.entries(hostileValues))
  .map(([what, make]) => ({ what, make }));
const plain: fc.Arbitrary<Recipe> = fc
  .oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withTypedArray: true }),
  )
  .map((value) => ({ what: fc.stringify(value), make: () => value }));
const key = fc.oneof(
  fc.string({ unit: "binary", maxLength: 8 }),
  fc.constantFrom("__proto__", "toJSON", "then", "length", ""),
);

/** A hostile value, alone or within objects and lists, beside values of fast-check's own. */
export const hostile: fc.Arbitrary<Recipe> = fc.letrec<{ value: Recipe }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    { arbitrary: named, weight: 3 },
    { arbitrary: plain, weight: 2 },
    fc.array(tie("value"), { maxLength: 3 }).map((recipes) => ({
      what: `[${recipes.map(({ what }) => what).join()}]`,
      make: () => recipes.map(({ make }) => make()),
    })),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 3 }).map((entries) => ({
      what: `{${entries.map(([name, { what }]) => `${JSON.stringify(name)}: ${what}`).join()}}`,
      make: () => Object.fromEntries(entries.map(([name, { make }]) => [name, make()])),
    })),
  ),
})).value;
