// How many requests are under way at once, and how the service's asking for less changes that.
import { expect, it } from "vitest";
import { Evidence } from "../../src/delivery/evidence.js";
import { type Answer, batchOf } from "../../src/delivery/item.js";
import { COMES_BACK_MILLIS, Turns } from "../../src/delivery/turns.js";
import { ServiceError } from "../../src/service/errors.js";
import { newItem } from "./items.js";

const signal = new AbortController().signal;
const throttled = (retryAfterMillis?: number) =>
  new ServiceError("throttled", "429", {
    reach: "refused",
    ...(retryAfterMillis !== undefined && { retryAfterMillis }),
  });

function bench() {
  let time = 0;
  let answer: ServiceError | undefined;
  const gates: (() => void)[] = [];
  const next = {
    async send(): Promise<Answer> {
      const outcome = answer;
      await new Promise<void>((resolve) => gates.push(resolve));
      if (outcome) throw outcome;
      return "taken";
    },
  };
  const evidence = new Evidence();
  const turns = new Turns(next, { most: 8, evidence, now: () => time });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  return {
    turns,
    evidence,
    gates,
    async answerOne(with_?: ServiceError) {
      answer = with_;
      const sent = turns.send(batchOf([newItem()]), signal).catch(() => {});
      await settle();
      for (const open of gates.splice(0)) open();
      await sent;
    },
    pass(millis: number) {
      time += millis;
    },
    settle,
  };
}

it("a 429 without Retry-After halves the requests at once, down to one, and they come back one in ten seconds", async () => {
  const { turns, answerOne, pass } = bench();
  const seen: number[] = [];
  for (let i = 0; i < 4; i += 1) {
    pass(2_000);
    await answerOne(throttled());
    seen.push(turns.allowed);
  }
  expect(seen).toEqual([4, 2, 1, 1]);
  for (let i = 0; i < 20; i += 1) {
    pass(COMES_BACK_MILLIS / 2);
    await answerOne();
  }
  expect(turns.allowed).toBe(8);
});

it("a 429 with Retry-After, or answers to requests that were under way together, do not halve them again", async () => {
  const { turns, answerOne, pass } = bench();
  await answerOne(throttled(1_000));
  expect(turns.allowed).toBe(8);
  await answerOne(throttled());
  pass(10);
  await answerOne(throttled());
  expect(turns.allowed).toBe(4);
});

it("no more are under way than may be, and what was sent before a failure is no evidence against it", async () => {
  const { turns, evidence, gates, settle } = bench();
  const sent = Array.from({ length: 20 }, () => turns.send(batchOf([newItem()]), signal));
  await settle();
  expect(gates).toHaveLength(8);
  const failedAt = evidence.mark();
  for (const open of gates.splice(0)) open();
  await settle();
  expect(evidence.isAnyTaken).toBe(true);
  expect(evidence.isTakenSince(failedAt)).toBe(false);
  while (gates.length > 0) {
    for (const open of gates.splice(0)) open();
    await settle();
  }
  await Promise.all(sent);
  expect(evidence.isTakenSince(failedAt)).toBe(true);
});
