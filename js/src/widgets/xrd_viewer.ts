import { widget } from "../shared/mount";
import { TRAITS, type Traits } from "../xrd_viewer/traits";
import { mountViewer } from "../xrd_viewer/view";
import css from "../xrd_viewer/xrd.css?inline";

export { TRAITS };
export default widget<Traits>({ name: "xrd", label: "Powder patterns", css, mount: mountViewer });
