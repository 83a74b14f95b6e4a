// @ts-check
// What the browser itself plays or reads: sound, films, PDF.

import { lookAddress } from "./file-facts.js";

/** @param {import("./viewer.js").Place} place */
export function showMedia({ file, stage, fail, signal }) {
  const media = document.createElement(file.view === "video" ? "video" : "audio");
  media.controls = true;
  media.preload = "metadata";
  media.setAttribute("aria-label", file.name);
  media.setAttribute("playsinline", "");
  media.addEventListener("error", () => fail("This browser cannot play it."), { signal });
  signal.addEventListener("abort", () => {
    media.pause();
    // Else it goes on loading where nobody sees it.
    media.removeAttribute("src");
    media.load();
  });
  media.src = lookAddress(file);
  stage.append(media);
}

/** @param {import("./viewer.js").Place} place */
export function showPdf({ file, stage, fail, signal }) {
  if (navigator.pdfViewerEnabled === false) {
    fail("This browser has no viewer for PDF files.");
    return;
  }
  const frame = document.createElement("iframe");
  frame.title = file.name;
  frame.src = lookAddress(file);
  stage.append(frame);
  // What a frame could not load cannot be asked of it.
  fetch(lookAddress(file), { method: "HEAD", signal })
    .then((answer) => answer.ok || fail("This file is not here any more."))
    .catch(() => signal.aborted || fail("The server does not answer."));
}
