import css from "../decomposition/decomposition.css?inline";
import { TRAITS, type Traits } from "../decomposition/state";
import { mountDecomposition } from "../decomposition/view";
import { widget } from "../shared/mount";

export { TRAITS };
export default widget<Traits>({
  name: "decomposition",
  label: "A compound and what it decomposes into",
  css,
  mount: mountDecomposition,
});
