// LANGSMITH_RUNS_ENDPOINTS, as the langsmith SDK reads it.
import { describe, expect, it } from "vitest";
import { parseRunsEndpoints, readRunsEndpoints } from "../../src/delivery/replicas.js";

const URL_A = "https://a.example";

describe("parseRunsEndpoints", () => {
  it("reads an array of destinations, and an object of URL to key", () => {
    expect(
      parseRunsEndpoints(
        JSON.stringify([
          { api_url: `${URL_A}/`, api_key: "k1", project_name: "one", workspace_id: " w ", primary: true },
          { api_url: "https://b.example", api_key: "k2" },
        ]),
      ),
    ).toEqual([
      { apiUrl: URL_A, apiKey: "k1", project: "one", workspaceId: "w", primary: true },
      { apiUrl: "https://b.example", apiKey: "k2" },
    ]);
    expect(parseRunsEndpoints(JSON.stringify({ [URL_A]: "k1", "https://b.example/": "k2" }))).toEqual([
      { apiUrl: URL_A, apiKey: "k1" },
      { apiUrl: "https://b.example", apiKey: "k2" },
    ]);
  });

  it.each([
    ["not JSON", "{", /not JSON/],
    ["a number", "7", /neither/],
    ["an entry that is no object", "[null]", /entry 0: not an object/],
    ["an address that is none", '[{"api_url":"ftp://x","api_key":"secret"}]', /api_url/],
    ["a key that is none", `[{"api_url":"${URL_A}","api_key":1}]`, /api_key/],
    ["a project that is none", `[{"api_url":"${URL_A}","api_key":"secret","project_name":1}]`, /project_name/],
    [
      "a second primary",
      `[{"api_url":"${URL_A}","api_key":"secret","primary":true},{"api_url":"${URL_A}","api_key":"secret","primary":true}]`,
      /second primary/,
    ],
    ["an object with a name that is no address", '{"x":"secret"}', /not a URL/],
    ["an object with a key that is none", `{"${URL_A}":1}`, /not a string/],
  ])("leaves %s out, says so, and never says a key", (_, value, problem) => {
    const { problems } = readRunsEndpoints(value);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
    expect(problems[0]).not.toContain("secret");
  });

  it("is empty when nothing is set", () => {
    expect(parseRunsEndpoints(undefined)).toEqual([]);
    expect(parseRunsEndpoints("  ")).toEqual([]);
  });
});
