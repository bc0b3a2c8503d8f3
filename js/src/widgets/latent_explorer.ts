import css from "../latent/latent.css?inline";
import { TRAITS, type Traits } from "../latent/state";
import { mountExplorer } from "../latent/view";
import { widget } from "../shared/mount";

export { TRAITS };
export default widget<Traits>({ name: "latent", label: "Latent space", css, mount: mountExplorer });
