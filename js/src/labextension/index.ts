/** JupyterLab and Notebook 7: a launcher section with a card for each notebook of the package, and the same in the palette. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { ICommandPalette, Notification, showErrorMessage } from "@jupyterlab/apputils";
import { IDefaultFileBrowser } from "@jupyterlab/filebrowser";
import { ILauncher } from "@jupyterlab/launcher";
import { LabIcon } from "@jupyterlab/ui-components";
import { type Card, commandId, stem, tileSvg } from "./cards.js";
import { listNotebooks, workingCopy } from "./server.js";

const CATEGORY = "Materials informatics";

const cards: JupyterFrontEndPlugin<void> = {
  id: "matwidgets:cards",
  description: "A launcher card and palette commands for each notebook of matwidgets.",
  autoStart: true,
  optional: [ILauncher, ICommandPalette, IDefaultFileBrowser],
  activate: async (
    app: JupyterFrontEnd,
    launcher: ILauncher | null,
    palette: ICommandPalette | null,
    browser: IDefaultFileBrowser | null,
  ): Promise<void> => {
    let found: Card[];
    try {
      found = await listNotebooks(app.serviceManager.serverSettings);
    } catch (error) {
      Notification.error(`matwidgets: ${reason(error)}`, { autoClose: false });
      return;
    }
    for (const [rank, card] of found.entries()) {
      const command = addCommands(app, card, browser);
      launcher?.add({ command, category: CATEGORY, rank });
      palette?.addItem({ command, category: CATEGORY });
      palette?.addItem({ command: commandId(card, true), category: CATEGORY });
    }
  },
};

/** Register "open" and "new working copy" of one notebook; returns the id of the first. */
function addCommands(app: JupyterFrontEnd, card: Card, browser: IDefaultFileBrowser | null): string {
  const icon = new LabIcon({ name: `matwidgets:tile-${stem(card)}`, svgstr: tileSvg(card) });
  const open = async (args: Record<string, unknown>, fresh: boolean): Promise<void> => {
    // The launcher says where it stands; the palette does not, then the file browser's folder is meant.
    const folder = typeof args["cwd"] === "string" ? args["cwd"] : (browser?.model.path ?? "");
    try {
      const copy = await workingCopy(app.serviceManager.serverSettings, card, folder, fresh);
      await app.commands.execute("docmanager:open", { path: copy.path });
    } catch (error) {
      await showErrorMessage(`Could not open ${card.title}`, reason(error));
    }
  };
  const id = commandId(card);
  app.commands.addCommand(id, {
    label: (args) => (args["isPalette"] ? `Open: ${card.title}` : card.title),
    caption: card.caption,
    icon,
    describedBy: { args: { type: "object", properties: { cwd: { type: "string" } } } },
    execute: (args) => open(args, false),
  });
  app.commands.addCommand(commandId(card, true), {
    label: `New working copy: ${card.title}`,
    caption: "Makes a further copy in the current folder; nothing is overwritten",
    describedBy: { args: { type: "object", properties: { cwd: { type: "string" } } } },
    execute: (args) => open(args, true),
  });
  return id;
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export default cards;
