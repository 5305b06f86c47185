// Which traces are sampled in: a pure function of the trace id, so that every service and every SDK decides alike.
import { xxh3 } from "./xxh3.js";

const MODULUS = 1_000_000n;

/**
 * Whether an id is sampled in at a rate of 0 to 1. The same function as the `langsmith` SDKs' (JavaScript and Python):
 * XXH3-128 over the id in lower case, as a fraction of a million.
 */
export function isSampledById(id: string, rate: number): boolean {
  if (rate >= 1) return true;
  if (rate <= 0) return false;
  const hash = xxh3(Buffer.from(id.toLowerCase(), "utf8"));
  const whole = (hash.readBigUInt64BE(0) << 64n) | hash.readBigUInt64BE(8);
  return Number(whole % MODULUS) / Number(MODULUS) < rate;
}
