// Credentials in texts: what is cut out, what stays, and that it takes linear time.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressForLog, cutSecrets, secretsOf, withoutCredentials } from "../src/credentials.js";
import { growth } from "./hostile/linear-time.js";

describe("an address for a log line", () => {
  it.each([
    ["https://api.smith.langchain.com", "https://api.smith.langchain.com"],
    ["https://user:secret@host.example/api/v1/?key=secret#secret", "https://host.example/api/v1"],
    ["http://secret@127.0.0.1:1984/", "http://127.0.0.1:1984"],
    ["localhost:1984", "localhost:1984"],
    ["user:secret@host.example", "host.example"],
    ["ftp://user:se@cret@host.example/x", "host.example/x"],
    ["secret-in-the-wrong-variable", "a text of 28 characters"],
    ["https://host.example/lsv2_pt_secret_1234", "https://host.example/[cut]"],
  ])("%s is shown as %s", (address, shown) => {
    expect(addressForLog(address)).toBe(shown);
  });
});

describe("an echoed text", () => {
  const secrets = secretsOf({
    apiUrl: "https://gate:pass-of-gate@host.example/?token=query-token",
    apiKey: "key-of-no-form",
    headers: { authorization: "Bearer token-of-header", "x-short": "abc" },
    proxies: ["http://proxy:pass-of-proxy@127.0.0.1:1"],
  });

  it.each([
    ["key: key-of-no-form.", "key: [cut]."],
    ["pass-of-gate, pass-of-proxy, query-token", "[cut], [cut], [cut]"],
    ["token-of-header and abc", "[cut] and [cut]"],
    ["the first half: key-of-no", "the first half: [cut]"],
    ["X-API-Key: some-other-key\r\nAccept: */*", "X-API-Key: [cut]\r\nAccept: */*"],
    ['{"authorization":"Basic xyz","a":1}', '{"authorization":"[cut]","a":1}'],
    ["lsv2_sk_of_somebody_else and ls__old_one", "[cut] and [cut]"],
    ["connect to http://me:mine@host.example", "connect to http://host.example"],
    ["nothing of it", "nothing of it"],
  ])("%j becomes %j", (text, cut) => {
    expect(cutSecrets(text, secrets)).toBe(cut);
  });

  it("has no eight characters of a secret left, wherever they stood", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 8, maxLength: 60 }), fc.string(), fc.string(), (key, before, after) => {
        const sought = secretsOf({ apiUrl: "http://127.0.0.1", apiKey: key });
        const cut = cutSecrets(before + key + after, sought);
        const kept = key.trim();
        for (let at = 0; at + 8 <= kept.length; at += 1) {
          const part = kept.slice(at, at + 8);
          // What stands in the replacement itself was not echoed.
          if (!"[cut]".includes(part)) expect(cut.split("[cut]").join("\n")).not.toContain(part);
        }
      }),
    );
  });

  it("is read in linear time", () => {
    const slow = ["a", "@", "/", "//a", "authorization: ", "ls__", "key-of-no-", '"'].flatMap((unit) => [
      growth((text) => cutSecrets(text, secrets), unit, "!"),
      growth(withoutCredentials, unit, "!"),
    ]);
    expect(slow.filter((found) => found !== undefined)).toEqual([]);
  });
});
