import css from "../gallery/gallery.css?inline";
import { TRAITS, type Traits } from "../gallery/state";
import { mountGallery } from "../gallery/view";
import { widget } from "../shared/mount";

export { TRAITS };
export default widget<Traits>({
  name: "gallery",
  label: "Generated materials and their filters",
  css,
  mount: mountGallery,
});
