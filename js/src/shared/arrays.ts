/** Arrays on the wire: little-endian bytes with their dtype and shape, never nested lists. */
export interface WireArray {
  dtype: "float32" | "float64" | "int32" | "uint32" | "uint16" | "uint8";
  shape: number[];
  data: DataView | ArrayBuffer | Uint8Array;
}

export interface NumArray {
  shape: number[];
  data: Float32Array | Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;
}

const KINDS = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  uint32: Uint32Array,
  uint16: Uint16Array,
  uint8: Uint8Array,
};

/** A typed array over the wire's bytes; null when the trait is unset (a saved widget forgets its buffers). */
export function unpack(wire: WireArray | null | undefined): NumArray | null {
  if (!wire?.data || !(wire.dtype in KINDS)) return null;
  const { data } = wire;
  const view =
    data instanceof ArrayBuffer
      ? new Uint8Array(data)
      : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const Kind = KINDS[wire.dtype];
  const count = wire.shape.reduce((product, n) => product * n, 1);
  if (view.byteLength !== count * Kind.BYTES_PER_ELEMENT) return null;
  // A buffer from the wire may start at any byte; typed arrays want an aligned start, so copy.
  return { shape: wire.shape, data: new Kind(view.slice().buffer) };
}

export function pack(data: Float32Array | Uint32Array, shape: number[]): WireArray {
  const dtype = data instanceof Uint32Array ? "uint32" : "float32";
  return { dtype, shape, data: new DataView(data.buffer, data.byteOffset, data.byteLength) };
}
