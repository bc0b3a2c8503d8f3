import css from "../composition/panel.css?inline";
import { TRAITS, type Traits } from "../composition/state";
import { mountPanel } from "../composition/view";
import { widget } from "../shared/mount";

export { TRAITS };
export default widget<Traits>({ name: "panel", label: "Composition and prediction", css, mount: mountPanel });
