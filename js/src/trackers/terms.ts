/** Which terms of a training share a chart: those of one unit; the learning rate has its own. No DOM. */
export interface Term {
  name: string;
  label: string;
  unit?: string;
}

export interface TermGroup {
  title: string;
  rate: boolean;
  terms: (Term & { colour: string })[];
}

const RATE = "learning_rate";
const COLOURS = 7;

export function groupTerms(terms: readonly Term[]): TermGroup[] {
  const groups = new Map<string, TermGroup>();
  terms.forEach((term, i) => {
    const rate = term.name === RATE;
    const key = rate ? RATE : `unit ${term.unit ?? ""}`;
    const group = groups.get(key) ?? { title: "", rate, terms: [] };
    group.terms.push({ ...term, colour: rate ? "--mw-text-soft" : `--mw-c${i % COLOURS}` });
    groups.set(key, group);
  });
  for (const group of groups.values()) {
    const unit = group.terms[0].unit;
    const names = group.terms.length === 1 ? group.terms[0].label : "Loss terms";
    group.title = unit ? `${names} (${unit})` : names;
  }
  return [...groups.values()].sort((a, b) => Number(a.rate) - Number(b.rate));
}
