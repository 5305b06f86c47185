// XXH3-128, the hash behind replica run ids, for inputs longer than 16 bytes (a run id and a colon are 37 already).
// Source: the XXH3 specification, https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md

const MASK = 0xffff_ffff_ffff_ffffn;
const MASK32 = 0xffff_ffffn;
const P32_1 = 0x9e3779b1n;
const P32_2 = 0x85ebca77n;
const P32_3 = 0xc2b2ae3dn;
const P64_1 = 0x9e3779b185ebca87n;
const P64_2 = 0xc2b2ae3d27d4eb4fn;
const P64_3 = 0x165667b19e3779f9n;
const P64_4 = 0x85ebca77c2b2ae63n;
const P64_5 = 0x27d4eb2f165667c5n;

const SECRET = Buffer.from(
  "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221b8084674f743248e" +
    "e03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8a8fa763fe39c343ff9dcbbc7c70b4f1d" +
    "8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc" +
    "8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e",
  "hex",
);
const STRIPE = 64;
const STRIPES_IN_BLOCK = (SECRET.length - STRIPE) / 8;

/** The 128-bit hash as 16 bytes, high half first, as `xxhash.digest()` has it. Takes more than 16 bytes of input. */
export function xxh3(data: Buffer): Buffer {
  const [low, high] = data.length <= 128 ? upTo128(data) : data.length <= 240 ? upTo240(data) : longer(data);
  const hash = Buffer.alloc(16);
  hash.writeBigUInt64BE(high, 0);
  hash.writeBigUInt64BE(low, 8);
  return hash;
}

type Pair = [low: bigint, high: bigint];

function word(data: Buffer, at: number): bigint {
  return data.readBigUInt64LE(at);
}

function fold(a: bigint, b: bigint): bigint {
  const product = a * b;
  return (product & MASK) ^ (product >> 64n);
}

function avalanche(hash: bigint): bigint {
  let mixed = hash ^ (hash >> 37n);
  mixed = (mixed * 0x165667919e3779f9n) & MASK;
  return mixed ^ (mixed >> 32n);
}

function mix16(data: Buffer, at: number, secretAt: number): bigint {
  return fold(word(data, at) ^ word(SECRET, secretAt), word(data, at + 8) ^ word(SECRET, secretAt + 8));
}

function mix32(acc: Pair, data: Buffer, first: number, second: number, secretAt: number): Pair {
  const low = ((acc[0] + mix16(data, first, secretAt)) & MASK) ^ ((word(data, second) + word(data, second + 8)) & MASK);
  const high =
    ((acc[1] + mix16(data, second, secretAt + 16)) & MASK) ^ ((word(data, first) + word(data, first + 8)) & MASK);
  return [low, high];
}

function finish([low, high]: Pair, length: number): Pair {
  const sum = avalanche((low + high) & MASK);
  const rest = avalanche((low * P64_1 + high * P64_4 + BigInt(length) * P64_2) & MASK);
  return [sum, -rest & MASK];
}

function upTo128(data: Buffer): Pair {
  let acc: Pair = [(BigInt(data.length) * P64_1) & MASK, 0n];
  for (let i = (data.length - 1) >> 5; i >= 0; i -= 1) {
    acc = mix32(acc, data, 16 * i, data.length - 16 * (i + 1), 32 * i);
  }
  return finish(acc, data.length);
}

function upTo240(data: Buffer): Pair {
  let acc: Pair = [(BigInt(data.length) * P64_1) & MASK, 0n];
  for (let i = 32; i < 160; i += 32) acc = mix32(acc, data, i - 32, i - 16, i - 32);
  acc = [avalanche(acc[0]), avalanche(acc[1])];
  for (let i = 160; i <= data.length; i += 32) acc = mix32(acc, data, i - 32, i - 16, 3 + i - 160);
  return finish(mix32(acc, data, data.length - 16, data.length - 32, 103), data.length);
}

function longer(data: Buffer): Pair {
  const acc = new BigUint64Array([P32_3, P64_1, P64_2, P64_3, P64_4, P32_2, P64_5, P32_1]);
  const blockBytes = STRIPE * STRIPES_IN_BLOCK;
  const blocks = Math.floor((data.length - 1) / blockBytes);
  for (let block = 0; block < blocks; block += 1) {
    for (let stripe = 0; stripe < STRIPES_IN_BLOCK; stripe += 1) {
      accumulate(acc, data, block * blockBytes + stripe * STRIPE, stripe * 8);
    }
    scramble(acc);
  }
  const stripes = Math.floor((data.length - 1 - blockBytes * blocks) / STRIPE);
  for (let stripe = 0; stripe < stripes; stripe += 1) {
    accumulate(acc, data, blocks * blockBytes + stripe * STRIPE, stripe * 8);
  }
  accumulate(acc, data, data.length - STRIPE, SECRET.length - STRIPE - 7);
  const length = BigInt(data.length);
  return [merge(acc, 11, (length * P64_1) & MASK), merge(acc, SECRET.length - STRIPE - 11, ~(length * P64_2) & MASK)];
}

function accumulate(acc: BigUint64Array, data: Buffer, at: number, secretAt: number): void {
  for (let i = 0; i < 8; i += 1) {
    const value = word(data, at + i * 8);
    const key = value ^ word(SECRET, secretAt + i * 8);
    acc[i ^ 1] = ((acc[i ^ 1] ?? 0n) + value) & MASK;
    acc[i] = ((acc[i] ?? 0n) + (key & MASK32) * (key >> 32n)) & MASK;
  }
}

function scramble(acc: BigUint64Array): void {
  for (let i = 0; i < 8; i += 1) {
    const value = acc[i] ?? 0n;
    acc[i] = ((value ^ (value >> 47n) ^ word(SECRET, SECRET.length - STRIPE + i * 8)) * P32_1) & MASK;
  }
}

function merge(acc: BigUint64Array, secretAt: number, start: bigint): bigint {
  let result = start;
  for (let i = 0; i < 4; i += 1) {
    result += fold(
      (acc[2 * i] ?? 0n) ^ word(SECRET, secretAt + 16 * i),
      (acc[2 * i + 1] ?? 0n) ^ word(SECRET, secretAt + 16 * i + 8),
    );
  }
  return avalanche(result & MASK);
}
