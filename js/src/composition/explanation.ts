/** What a network says about how a prediction comes about, and which part of its attention is looked at. No DOM. */

/** The kernel's answer to `explain`. */
export interface Explanation {
  elements: string[];
  /** What each element adds, in `unit`; the sum is the value. */
  contributions: number[];
  unit: string;
  /** Row by row: how much each element (row) attends to each (column). */
  attention: { shape: number[]; values: number[] } | null;
}

/** A network, layer or head; null is the mean over all of them. */
export interface Choice {
  member: number | null;
  layer: number | null;
  head: number | null;
}

export const PARTS = ["member", "layer", "head"] as const;

/** How many networks, layers and heads there are to choose from. */
export function counts(explanation: Explanation): [members: number, layers: number, heads: number] {
  const [members = 0, layers = 0, heads = 0] = explanation.attention?.shape ?? [];
  return [members, layers, heads];
}

/** The k x k attention of a choice, averaged over what is not chosen. */
export function attentionOf(explanation: Explanation, choice: Choice): number[][] {
  const { attention } = explanation;
  if (attention?.shape.length !== 5) return [];
  const [members, layers, heads, k] = attention.shape;
  const picked = (chosen: number | null, count: number) =>
    chosen === null || chosen >= count ? Array.from({ length: count }, (_, i) => i) : [chosen];
  const result = Array.from({ length: k }, () => Array<number>(k).fill(0));
  let taken = 0;
  for (const member of picked(choice.member, members))
    for (const layer of picked(choice.layer, layers))
      for (const head of picked(choice.head, heads)) {
        const at = ((member * layers + layer) * heads + head) * k * k;
        for (let i = 0; i < k; i += 1)
          for (let j = 0; j < k; j += 1) result[i][j] += attention.values[at + i * k + j];
        taken += 1;
      }
  return result.map((row) => row.map((x) => x / Math.max(1, taken)));
}

export function total(explanation: Explanation): number {
  return explanation.contributions.reduce((sum, x) => sum + x, 0);
}
