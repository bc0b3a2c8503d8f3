import { widget } from "../shared/mount";
import css from "../simplex/map.css?inline";
import { TRAITS, type Traits } from "../simplex/state";
import { mountMap } from "../simplex/view";

export { TRAITS };
export default widget<Traits>({ name: "map", label: "Property over compositions", css, mount: mountMap });
