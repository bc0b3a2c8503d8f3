import css from "../inverter/inverter.css?inline";
import { TRAITS, type Traits } from "../inverter/state";
import { mountInverter } from "../inverter/view";
import { widget } from "../shared/mount";

export { TRAITS };
export default widget<Traits>({
  name: "inverter",
  label: "An alloy, its probability of a single phase, and the loop that turns it",
  css,
  mount: mountInverter,
});
