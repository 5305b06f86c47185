// Who owns a lane: known by a heartbeat, and where a process can be looked at, by that.
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createDelivery, type Delivery } from "../../src/delivery/index.js";
import { ownIdentity } from "../../src/spool/identity.js";
import { Owners } from "../../src/spool/owners.js";
import { type MisbehavingServer, startMisbehavingServer } from "../delivery/misbehaving-server.js";
import { until } from "../delivery/network-fixtures.js";
import { newRun } from "../delivery/runs.js";

const TAG = "0123abcd";
let dir: string;
let now: number;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "otel-langsmith-owners-"));
  now = 0;
});

afterEach(() => rm(dir, { recursive: true, force: true }));

/** A process that has entered, and says of itself what is asked. */
async function entered(identity: object): Promise<Owners> {
  const owners = new Owners(dir, TAG, () => now);
  owners.enter();
  await writeFile(join(dir, `${owners.instance}.alive`), JSON.stringify(identity));
  return owners;
}

/** After how many looks, 2.5 seconds apart, its lane is to be had; undefined when never. */
async function looksUntilGone(owner: Owners, isBeating: boolean): Promise<number | undefined> {
  const other = new Owners(dir, TAG, () => now);
  other.enter();
  for (let look = 0; look < 40; look += 1) {
    if ((await other.adoptable()).some(({ lane }) => lane === owner.instance)) return look;
    now += 2_500;
    const beat = new Date(Date.now() + look);
    if (isBeating) await utimes(join(dir, `${owner.instance}.alive`), beat, beat);
  }
  return undefined;
}

const self = ownIdentity();
const elsewhere = { ...self, ns: "pid:[1]" };
const gone = { ...self, started: "1" };
const ofVersion1 = { pid: self.pid, started: self.started, host: self.host };

describe("a lane", () => {
  it.each([
    ["a process in another container on this machine that beats", elsewhere, true, undefined],
    ["one there that is silent, after five seconds", elsewhere, false, 2],
    ["a process on another machine that is silent, after a minute", { ...self, host: "another" }, false, 24],
    ["a process that is gone, whose number another one has, at once", gone, true, 0],
    ["a thread that has ended in a process that lives, after ten seconds", self, false, 4],
    ["a process that runs and beats", self, true, undefined],
    ["a process of version 1 that runs, however silent", ofVersion1, false, undefined],
  ])("of %s", async (_, identity, isBeating, looks) => {
    expect(await looksUntilGone(await entered(identity), isBeating)).toBe(looks);
  });

  it("of a process that says nothing of itself is had after a minute, and one that nobody owns after two looks", async () => {
    const owner = await entered({});
    expect(await looksUntilGone(owner, false)).toBe(24);
    const name = `ls2-${TAG}-lost.00000001.spool`;
    await writeFile(join(dir, name), "");
    const other = new Owners(dir, TAG, () => now);
    other.enter();
    await other.adoptable();
    await other.adoptable();
    const lanes = (await other.adoptable()).map(({ lane }) => lane);
    expect(lanes).toContain(`ls2-${TAG}-lost`);
  });

  it("is taken by one of two that try", async () => {
    const owner = await entered(gone);
    const others = [new Owners(dir, TAG, () => now), new Owners(dir, TAG, () => now)];
    for (const other of others) other.enter();
    const found = await Promise.all(others.map((other) => other.adoptable()));
    const taken = await Promise.all(
      others.map((other, at) => other.adopt(found[at]?.find(({ lane }) => lane === owner.instance) ?? fail())),
    );
    expect(taken.filter(Boolean)).toHaveLength(1);
  });
});

function fail(): never {
  throw new Error("the lane was not found");
}

describe("a process that was only busy, and finds its lane taken", () => {
  let server: MisbehavingServer;
  const open: Delivery[] = [];

  beforeEach(async () => {
    server = await startMisbehavingServer();
  });

  afterEach(async () => {
    await Promise.all(open.splice(0).map((delivery) => delivery.shutdown(0)));
    await server.stop();
  });

  function deliver(mode: "failures" | "always", apiKey = "a-key", maxBytes = 64 * 1_048_576): Delivery {
    const delivery = createDelivery({
      apiUrl: server.url,
      apiKey,
      batchDelayMillis: 1,
      queue: { maxBytes },
      retry: { initialDelayMillis: 10, maxDelayMillis: 100 },
      spool: { dir, mode },
    });
    open.push(delivery);
    return delivery;
  }

  it.each([
    ["always", 64 * 1_048_576],
    ["failures", 1],
  ] as const)("goes on in another, and nothing is lost: %s", async (mode, maxBytes) => {
    // The busy one's requests come to nothing until the end.
    let isBusyOneHeard = false;
    server.behave = ({ headers }) =>
      headers["x-api-key"] === "busy" && !isBusyOneHeard ? { do: "answer", status: 503 } : { do: "take" };
    const busy = deliver(mode, "busy", maxBytes);
    const runs = Array.from({ length: 120 }, () => newRun());
    for (const run of runs.slice(0, 40)) busy.send({ kind: "post", run });
    await until(async () => (await segmentsOf()).length > 0);
    const [segment = ""] = await segmentsOf();
    const lane = segment.split(".")[0] ?? "";
    const heir = new Owners(dir, lane.split("-")[1] ?? "", () => now);
    heir.enter();
    expect(await heir.adopt({ lane, owner: lane, isCertain: false })).toBe(true);
    for (const run of runs.slice(40, 80)) busy.send({ kind: "post", run });
    await until(async () => (await segmentsOf()).some((name) => !name.startsWith(lane)));
    for (const run of runs.slice(80)) busy.send({ kind: "post", run });
    heir.leave();
    // Whoever comes next sends what was there when the lane was taken.
    deliver("failures");
    isBusyOneHeard = true;
    await until(() => runs.every((run) => server.runs.has(run.id)));
    expect(busy.stats().lost).toEqual({});
    expect((await readdir(dir)).filter((name) => name.endsWith(".taken"))).toEqual([]);
  });

  const segmentsOf = async () => (await readdir(dir)).filter((name) => name.endsWith(".spool"));
});
