// Every hostile value has a form, and none can break the application.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { snapshot, snapshotOf } from "../../src/snapshot/snapshot.js";

class Account {
  readonly #secret = "s";
  constructor(readonly owner: string) {}
  get balance() {
    return this.#secret.length;
  }
}

const loop: Record<string, unknown> = { name: "loop" };
loop["self"] = loop;
const deep = (levels: number) => {
  let value: unknown = "bottom";
  for (let level = 0; level < levels; level += 1) value = { in: value };
  return value;
};
const shared = { a: 1 };

const cases: [string, unknown, unknown][] = [
  ["undefined in an object is left out, in a list it is null", { a: undefined, b: [undefined] }, { b: [null] }],
  ["a BigInt is its digits", 123n, "123"],
  ["numbers that JSON has no word for are named", [Number.NaN, Number.POSITIVE_INFINITY, -0], ["NaN", "Infinity", -0]],
  ["a Date is ISO 8601", new Date(0), "1970-01-01T00:00:00.000Z"],
  ["a Date that is none says so", new Date(Number.NaN), "Invalid Date"],
  [
    "a Map with names is an object",
    new Map<unknown, unknown>([
      ["a", 1],
      [2, new Set(["b"])],
    ]),
    { a: 1, 2: ["b"] },
  ],
  ["a Map with other keys is a list of pairs", new Map([[{ k: 1 }, "v"]]), [[{ k: 1 }, "v"]]],
  ["a Set is a list", new Set([1, 1, 2]), [1, 2]],
  ["a RegExp is its text", /a+/gi, "/a+/gi"],
  ["a symbol is its text", Symbol("s"), "Symbol(s)"],
  ["a function is named", { run: function go() {} }, { run: "[Function: go]" }],
  ["a class instance is its own properties", new Account("Ada"), { owner: "Ada" }],
  ["an object without a prototype is an object", Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
  ["toJSON is honoured", { toJSON: () => ({ json: true }) }, { json: true }],
  ["a URL is its text", new URL("http://host/p?q=1"), "http://host/p?q=1"],
  ["boxed values are what is in the box", [Object("s"), Object(1), Object(true)], ["s", 1, true]],
  ["what contains itself says so", loop, { name: "loop", self: { result: "[Circular]" } }],
  ["the same object twice is no circle", [shared, shared], [{ a: 1 }, { a: 1 }]],
  ["bytes are a data URI", Buffer.from("hi"), "data:application/octet-stream;base64,aGk="],
  ["an ArrayBuffer is a data URI", new Uint8Array([1, 2]).buffer, "data:application/octet-stream;base64,AQI="],
  [
    "a part of a buffer is that part",
    new Uint8Array([1, 2, 3]).subarray(1, 2),
    "data:application/octet-stream;base64,Ag==",
  ],
  ["a typed array is numbers", new Float32Array([0.5, 1]), [0.5, 1]],
  ["a BigInt array is digits", new BigInt64Array([1n]), ["1"]],
  ["a promise is named", { p: Promise.resolve(1) }, { p: "[Promise]" }],
  ["a stream is named", new ReadableStream(), "[ReadableStream]"],
  ["a WeakMap is named", new WeakMap(), "[WeakMap]"],
  ["a __proto__ of data stays data", JSON.parse('{"__proto__":{"a":1}}'), JSON.parse('{"__proto__":{"a":1}}')],
];

describe("a value's form", () => {
  for (const [name, value, form] of cases) it(name, () => expect(snapshot(value)).toEqual(form));

  it("an error keeps its name, message, cause and own fields", () => {
    const error = Object.assign(new TypeError("bad", { cause: new Error("root") }), { code: "E1" });
    expect(snapshot(error)).toEqual({
      name: "TypeError",
      message: "bad",
      code: "E1",
      cause: { name: "Error", message: "root" },
    });
  });

  it("a getter that throws says so in its place, and its neighbours stay", () => {
    const value = {
      before: 1,
      get broken(): string {
        throw new Error("no luck");
      },
      after: 2,
    };
    expect(snapshot(value)).toEqual({ before: 1, broken: "[getter threw: no luck]", after: 2 });
  });

  it("a proxy whose every trap throws says so", () => {
    const trap = () => {
      throw new Error("trapped");
    };
    const traps = { get: trap, ownKeys: trap, getPrototypeOf: trap, has: trap, getOwnPropertyDescriptor: trap };
    expect(snapshot({ proxy: new Proxy({}, traps), kept: 1 })).toEqual({ proxy: "[unreadable: trapped]", kept: 1 });
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(String(snapshot(proxy))).toMatch(/^\[unreadable: /);
  });

  it("a toJSON that throws, or an error that cannot be read, says so", () => {
    const unreadable = {
      toJSON() {
        throw {
          toString() {
            throw new Error("again");
          },
        };
      },
    };
    expect(snapshot({ unreadable })).toEqual({ unreadable: "[unreadable: an error that cannot be read]" });
  });

  it("nesting beyond 200 levels is named", () => {
    const text = JSON.stringify(snapshot(deep(100_000)));
    expect(text).toContain("[deeper than 200 levels]");
  });

  it("a string of 100 MB is cut, says so, and does not keep the whole one alive", () => {
    const copy = snapshotOf({ big: "x".repeat(100 * 1024 * 1024), after: "y" });
    expect(copy["big"]).toMatch(/… \[cut: 104857600 characters\]$/);
    expect(String(copy["big"]).length).toBeLessThan(17 * 1024 * 1024);
  });

  it("a cut does not split a character", () => {
    expect(snapshot("a😀b", 8 + 2)).toBe("a… [cut: 4 characters]");
  });

  it("a list, an object and bytes too large for the bound are cut and say so", () => {
    const list = snapshot(
      Array.from({ length: 10_000 }, (_, at) => at),
      800,
    );
    expect(Array.isArray(list) && list.length).toBeLessThan(110);
    expect(JSON.stringify(list)).toContain("[cut: 10000 items]");
    const object = snapshot(Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`k${at}`, at])), 400);
    expect(object).toMatchObject({ "…": "[cut: 1000 entries]" });
    expect(snapshot(new Uint8Array(10_000), 400)).toMatch(/… \[cut: 10000 bytes\]$/);
  });

  it("a graph that shares its parts a billion times over ends at the bound", () => {
    let value: unknown = "leaf";
    for (let level = 0; level < 30; level += 1) value = [value, value];
    expect(() => JSON.stringify(snapshot(value, 100_000))).not.toThrow();
  });

  it("later changes do not change what was taken", () => {
    const value = { list: [1], deep: { a: 1 } };
    const copy = snapshot(value);
    value.list.push(2);
    value.deep.a = 2;
    expect(copy).toEqual({ list: [1], deep: { a: 1 } });
  });

  it("any value at all becomes JSON, and plain JSON stays what it is", () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true }),
        (value) => {
          expect(() => JSON.stringify(snapshot(value))).not.toThrow();
        },
      ),
    );
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false, maxDepth: 6 }), (value) => {
        expect(JSON.stringify(snapshot(value))).toBe(JSON.stringify(value));
      }),
    );
  });
});
