/** The two questions the page asks the server extension `matwidgets.server`. */
import { URLExt } from "@jupyterlab/coreutils";
import { ServerConnection } from "@jupyterlab/services";
import { type Card, parseCards } from "./cards.js";

/** Where the working copy lies, and whether it was made just now. */
export interface WorkingCopy {
  readonly path: string;
  readonly created: boolean;
}

/** The notebooks that the installed package offers, in the order of their numbers. */
export async function listNotebooks(settings: ServerConnection.ISettings): Promise<Card[]> {
  return parseCards(await ask(settings, ["notebooks"], { method: "GET" }));
}

/**
 * Make sure that `folder` holds a working copy of a notebook.
 *
 * A copy that is already there is kept as it is; with `fresh` a further one is made beside it. Nothing is ever overwritten.
 */
export async function workingCopy(
  settings: ServerConnection.ISettings,
  card: Card,
  folder: string,
  fresh: boolean,
): Promise<WorkingCopy> {
  const body = JSON.stringify({ folder, fresh });
  return (await ask(settings, ["notebooks", card.notebook], { method: "POST", body })) as WorkingCopy;
}

async function ask(
  settings: ServerConnection.ISettings,
  parts: string[],
  init: RequestInit,
): Promise<unknown> {
  const url = URLExt.join(settings.baseUrl, "matwidgets", ...parts.map(encodeURIComponent));
  const response = await ServerConnection.makeRequest(url, init, settings);
  if (response.ok) {
    return response.json();
  }
  if (response.status === 404 && init.method === "GET") {
    throw new Error(
      "The server extension matwidgets.server is not enabled; run `jupyter server extension enable matwidgets.server`, then start JupyterLab again.",
    );
  }
  throw await ServerConnection.ResponseError.create(response);
}
