import { TRAITS, type Traits } from "../periodic/state";
import css from "../periodic/table.css?inline";
import { mountTable } from "../periodic/view";
import { widget } from "../shared/mount";

export { TRAITS };
export default widget<Traits>({
  name: "table",
  label: "Periodic table of the elements",
  css,
  mount: mountTable,
});
