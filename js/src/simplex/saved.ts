/** The small copy of the fields that travels as JSON with a saved notebook (matwidgets/widgets/_simplex.py). */
interface SixteenBits {
  low: number;
  high: number;
  data: string;
}

export interface Saved {
  steps?: number;
  value?: SixteenBits | null;
  std?: SixteenBits | null;
  domain?: string | null;
}

function bytes(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

/** 65535 stands for a number that does not exist. */
export function unpackSixteen(packed: SixteenBits | null | undefined, count: number): Float32Array | null {
  if (!packed) return null;
  const raw = bytes(packed.data);
  if (raw.length !== 2 * count) return null;
  const scale = (packed.high - packed.low || 1) / 65534;
  return Float32Array.from({ length: count }, (_, i) => {
    const level = raw[2 * i] + 256 * raw[2 * i + 1];
    return level === 65535 ? Number.NaN : packed.low + level * scale;
  });
}

/** Eight flags a byte, the first in the highest bit. */
export function unpackBits(packed: string | null | undefined, count: number): Uint8Array | null {
  if (!packed) return null;
  const raw = bytes(packed);
  if (raw.length !== Math.ceil(count / 8)) return null;
  return Uint8Array.from({ length: count }, (_, i) => (raw[i >> 3] >> (7 - (i & 7))) & 1);
}
