// @ts-check
// MudBlazor's style sheet and script, three quarters of a megabyte that dialogs and notices need and nothing else: they come with the first of
// these. By their plain names, since the SDK compresses nothing else of a package.

const sheet = "/_content/MudBlazor/MudBlazor.min.css";
const script = "/_content/MudBlazor/MudBlazor.min.js";

/** @type {Promise<unknown> | null} */
let loading = null;

/** @param {HTMLElement} made @param {() => void} put @returns {Promise<void>} */
const arrival = (made, put) =>
  new Promise((resolve, reject) => {
    made.addEventListener("load", () => resolve());
    made.addEventListener("error", () => reject(new Error("MudBlazor cannot be loaded.")));
    put();
  });

function loadSheet() {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = sheet;
  // Before ours, which bring it to the same type and edges.
  return arrival(link, () => document.head.querySelector('link[rel="stylesheet"]')?.before(link));
}

function loadScript() {
  const made = document.createElement("script");
  made.src = script;
  return arrival(made, () => document.head.append(made));
}

/** Returns when both are there. After a failure the next call tries again. */
export async function load() {
  loading ??= Promise.all([loadSheet(), loadScript()]);
  try {
    await loading;
  } catch (reason) {
    loading = null;
    throw reason;
  }
}
