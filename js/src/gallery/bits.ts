/** Sets of rows as bits, 32 in a word: a filter is one pass over few words. */
export type Bits = Uint32Array;

export function emptyBits(n: number): Bits {
  return new Uint32Array((n + 31) >>> 5);
}

export function allBits(n: number): Bits {
  const bits = emptyBits(n).fill(0xffffffff);
  if (n & 31) bits[bits.length - 1] = 0xffffffff >>> (32 - (n & 31));
  return bits;
}

/** Bits from the bytes of the wire, the first row in the lowest bit. */
export function bitsOf(bytes: Uint8Array, n: number): Bits {
  const bits = emptyBits(n);
  new Uint8Array(bits.buffer).set(bytes.subarray(0, (n + 7) >>> 3));
  return bits;
}

export function bitsOfRows(rows: ArrayLike<number>, n: number): Bits {
  const bits = emptyBits(n);
  for (let i = 0; i < rows.length; i += 1) if (rows[i] < n) bits[rows[i] >>> 5] |= 1 << (rows[i] & 31);
  return bits;
}

export function hasBit(bits: Bits, row: number): boolean {
  return ((bits[row >>> 5] >>> (row & 31)) & 1) === 1;
}

export function and(a: Bits, b: Bits): Bits {
  const bits = new Uint32Array(a.length);
  for (let i = 0; i < bits.length; i += 1) bits[i] = a[i] & b[i];
  return bits;
}

export function andNot(a: Bits, b: Bits): Bits {
  const bits = new Uint32Array(a.length);
  for (let i = 0; i < bits.length; i += 1) bits[i] = a[i] & ~b[i];
  return bits;
}

export function or(a: Bits, b: Bits): Bits {
  const bits = new Uint32Array(a.length);
  for (let i = 0; i < bits.length; i += 1) bits[i] = a[i] | b[i];
  return bits;
}

export function count(bits: Bits): number {
  let total = 0;
  for (let i = 0; i < bits.length; i += 1) {
    let v = bits[i];
    v -= (v >>> 1) & 0x55555555;
    v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
    total += Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
  }
  return total;
}

/** Rows in ascending order. */
export function rowsOf(bits: Bits): Uint32Array {
  const rows = new Uint32Array(count(bits));
  let at = 0;
  for (let i = 0; i < bits.length; i += 1)
    for (let word = bits[i]; word !== 0; word &= word - 1)
      rows[at++] = (i << 5) + 31 - Math.clz32(word & -word);
  return rows;
}
