import { type Cloud, stride } from "./cloud";
import type { View } from "./viewport";

/** How the points look: a colour a level, and the ground. */
export interface Look {
  /** 256 RGB colours. */
  colours: Uint8Array;
  /** For the points outside a selection. */
  faint: readonly [number, number, number];
}

/** Paints points in their order of sampling; any first part of them stands for the whole. */
export interface Painter {
  readonly kind: "webgl" | "canvas";
  /** The points; `levels` is one byte each or null. */
  load(cloud: Cloud): void;
  mark(levels: Uint8Array | null, selection: Uint32Array): void;
  look(look: Look): void;
  /** Take away what is painted. */
  clear(): void;
  /** Paint the points from..to of the order; `dot` is their size in pixels of the canvas. */
  paint(view: View, from: number, to: number, dot: number, opacity: number): void;
  /** Wait until it is painted; for measuring. */
  finish(): void;
  stop(): void;
}

/** Rows in the order in which they are painted. */
export function sampledOrder(count: number): Uint32Array {
  const step = stride(count);
  const order = new Uint32Array(count);
  for (let k = 0, row = 0; k < count; k += 1, row = (row + step) % count) order[k] = row;
  return order;
}

/**
 * Level and whether the point is chosen, two bytes a point, in the order of painting. Of a single chosen point the ring of
 * the cursor says enough: all are then 2, painted as without a selection.
 */
export function marks(order: Uint32Array, levels: Uint8Array | null, selection: Uint32Array): Uint8Array {
  const count = order.length;
  const chosen = new Uint8Array(count).fill(selection.length > 1 ? 0 : 2);
  if (selection.length > 1) for (const row of selection) if (row < count) chosen[row] = 1;
  const bytes = new Uint8Array(2 * count);
  for (let k = 0; k < count; k += 1) {
    bytes[2 * k] = levels ? levels[order[k]] : 0;
    bytes[2 * k + 1] = chosen[order[k]];
  }
  return bytes;
}

/** Chosen points that are painted larger and opaque; more of them keep the cloud's own look. */
const FEW = 2000;

const VERTEX = `#version 300 es
in vec2 place;
in vec2 mark;
uniform vec4 view;
uniform float dot_;
uniform float wanted;
uniform float opacity;
uniform sampler2D colours;
uniform vec3 faint;
uniform float strong;
out vec4 colour;
void main() {
  bool chosen = mark.y > 0.5;
  gl_Position = vec4(place * view.xy + view.zw, 0.0, 1.0);
  if (chosen != (wanted > 0.5)) gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  bool alone = mark.y < 1.5 && strong > 0.5;
  gl_PointSize = chosen && alone ? dot_ + 1.5 : dot_;
  vec3 rgb = chosen ? texelFetch(colours, ivec2(int(mark.x + 0.5), 0), 0).rgb : faint;
  float a = chosen ? (alone ? 0.95 : opacity) : opacity * 0.35;
  colour = vec4(rgb * a, a);
}`;

const FRAGMENT = `#version 300 es
precision highp float; // as in the vertex shader: they share a uniform
in vec4 colour;
uniform float dot_;
out vec4 result;
void main() {
  float r = 2.0 * length(gl_PointCoord - 0.5);
  result = dot_ < 2.5 ? colour : colour * (1.0 - smoothstep(1.0 - 2.0 / dot_, 1.0, r));
}`;

/** Points by WebGL 2; null where there is none. */
export function webglPainter(canvas: HTMLCanvasElement): Painter | null {
  const gl = canvas.getContext("webgl2", {
    antialias: false,
    depth: false,
    preserveDrawingBuffer: true, // a large cloud is painted in several goes, one over the other
    premultipliedAlpha: true,
  });
  if (!gl) return null;
  const program = link(gl);
  if (!program) return null;
  const uniform = (name: string) => gl.getUniformLocation(program, name);
  const [view_, dot_, wanted_, opacity_, faint_, strong_] = [
    "view",
    "dot_",
    "wanted",
    "opacity",
    "faint",
    "strong",
  ].map(uniform);
  const places = gl.createBuffer();
  const marked = gl.createBuffer();
  const texture = gl.createTexture();
  gl.useProgram(program);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  const attribute = (name: string, buffer: WebGLBuffer, type: number) => {
    const at = gl.getAttribLocation(program, name);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.enableVertexAttribArray(at);
    gl.vertexAttribPointer(at, 2, type, false, 0, 0);
  };
  attribute("place", places, gl.FLOAT);
  attribute("mark", marked, gl.UNSIGNED_BYTE);
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);

  let order: Uint32Array = new Uint32Array(0);
  let origin: readonly [number, number] = [0, 0];
  let unit = 1;
  let selecting = false;
  let strong = false;
  return {
    kind: "webgl",
    load(cloud) {
      order = sampledOrder(cloud.count);
      const [x0, x1, y0, y1] = cloud.extent;
      // Around the middle and of the size of one: float32 has its finest steps there.
      origin = [(x0 + x1) / 2, (y0 + y1) / 2];
      unit = Math.max(x1 - x0, y1 - y0) / 2 || 1;
      const data = new Float32Array(2 * cloud.count);
      for (let k = 0; k < cloud.count; k += 1) {
        data[2 * k] = (cloud.x[order[k]] - origin[0]) / unit;
        data[2 * k + 1] = (cloud.y[order[k]] - origin[1]) / unit;
      }
      gl.bindBuffer(gl.ARRAY_BUFFER, places);
      gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    },
    mark(levels, selection) {
      selecting = selection.length > 1;
      strong = selection.length < FEW;
      gl.bindBuffer(gl.ARRAY_BUFFER, marked);
      gl.bufferData(gl.ARRAY_BUFFER, marks(order, levels, selection), gl.DYNAMIC_DRAW);
    },
    look({ colours, faint }) {
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB, 256, 1, 0, gl.RGB, gl.UNSIGNED_BYTE, colours);
      gl.uniform3f(faint_, faint[0] / 255, faint[1] / 255, faint[2] / 255);
    },
    clear() {
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
    },
    paint(view, from, to, dot, opacity) {
      const [sx, sy] = [(2 * view.scale) / canvas.width, (2 * view.scale) / canvas.height];
      const [ox, oy] = [(origin[0] - view.middle[0]) * sx, (origin[1] - view.middle[1]) * sy];
      gl.uniform4f(view_, unit * sx, unit * sy, ox, oy);
      gl.uniform1f(dot_, dot);
      gl.uniform1f(opacity_, opacity);
      gl.uniform1f(strong_, strong ? 1 : 0);
      // What is chosen comes over the rest.
      for (const wanted of selecting ? [0, 1] : [1]) {
        gl.uniform1f(wanted_, wanted);
        gl.drawArrays(gl.POINTS, from, to - from);
      }
    },
    finish() {
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    },
    stop() {
      gl.deleteBuffer(places);
      gl.deleteBuffer(marked);
      gl.deleteTexture(texture);
      gl.deleteProgram(program);
      // A page may hold sixteen contexts or so: give this one back at once.
      gl.getExtension("WEBGL_lose_context")?.loseContext();
    },
  };
}

function link(gl: WebGL2RenderingContext): WebGLProgram | null {
  const program = gl.createProgram();
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(type);
    if (!shader) return null; // the context is lost
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  return gl.getProgramParameter(program, gl.LINK_STATUS) ? program : null;
}

/** Squares on a plain canvas, where a page has no WebGL: slower, so a part of the points is shown. */
export function canvasPainter(canvas: HTMLCanvasElement): Painter | null {
  const context = canvas.getContext("2d");
  if (!context) return null;
  let cloud: Cloud | null = null;
  let order: Uint32Array = new Uint32Array(0);
  let bytes: Uint8Array = new Uint8Array(0);
  let styles: string[] = [];
  let faint = "";
  return {
    kind: "canvas",
    load(next) {
      cloud = next;
      order = sampledOrder(next.count);
    },
    mark(levels, selection) {
      bytes = marks(order, levels, selection);
    },
    look(look) {
      const css = (rgb: ArrayLike<number>) => `rgb(${rgb[0]} ${rgb[1]} ${rgb[2]})`;
      styles = Array.from({ length: 256 }, (_, i) => css(look.colours.subarray(3 * i, 3 * i + 3)));
      faint = css(look.faint);
    },
    clear: () => context.clearRect(0, 0, canvas.width, canvas.height),
    paint(view, from, to, dot, opacity) {
      if (!cloud) return;
      for (const wanted of [false, true])
        for (let k = from; k < to; k += 1) {
          const chosen = bytes[2 * k + 1] > 0;
          if (chosen !== wanted) continue;
          context.globalAlpha = chosen ? Math.max(opacity, 0.6) : 0.3 * opacity;
          context.fillStyle = chosen ? styles[bytes[2 * k]] : faint;
          const x = canvas.width / 2 + (cloud.x[order[k]] - view.middle[0]) * view.scale;
          const y = canvas.height / 2 - (cloud.y[order[k]] - view.middle[1]) * view.scale;
          context.fillRect(x - dot / 2, y - dot / 2, dot, dot);
        }
    },
    finish() {},
    stop() {},
  };
}
