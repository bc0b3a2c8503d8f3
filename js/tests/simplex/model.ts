import { gridPoints } from "../../src/simplex/grid";
import type { Traits } from "../../src/simplex/state";
import { HostModel } from "../harness/host";

const wire = (values: number[]) => {
  const data = Float32Array.from(values);
  return { dtype: "float32" as const, shape: [values.length], data: new DataView(data.buffer) };
};

export function mapModel(
  elements: string[],
  fractions: number[],
  more: Partial<Traits> = {},
): HostModel<Traits> {
  const steps = 10;
  const points = gridPoints(elements.length, steps).map((counts) => counts.map((c) => c / steps));
  return new HostModel<Traits>({
    elements,
    fractions,
    value: 77,
    std: 3,
    std_aleatoric: 2.4,
    std_epistemic: 1.8,
    in_domain: true,
    predicted: fractions,
    label: "bulk modulus",
    unit: "GPa",
    steps,
    field: wire(points.map((x) => 100 * x[0])),
    spread: wire(points.map((x) => 1 + x[1])),
    domain: null,
    saved: {},
    path: [],
    shows: "value",
    error: "",
    group: "",
    ...more,
  });
}
