// @ts-check
// MudBlazor's style sheet and script, three quarters of a megabyte that dialogs and notices need and nothing else, and our theme for them: they come
// with the first of these. By their plain names, since the SDK compresses nothing else of a package.

const sheet = "/_content/MudBlazor/MudBlazor.min.css";
const script = "/_content/MudBlazor/MudBlazor.min.js";

const mostTries = 3;
const pause = 1000;

/** @type {Promise<unknown> | null} */
let loading = null;

/** @param {() => HTMLElement} put puts the element that loads it into the page @returns {Promise<void>} */
async function arrival(put) {
  for (let tries = 1; ; tries++) {
    const made = put();
    const isHere = await new Promise((resolve) => {
      made.addEventListener("load", () => resolve(true));
      made.addEventListener("error", () => resolve(false));
    });
    if (isHere) {
      return;
    }
    made.remove();
    if (tries === mostTries) {
      throw new Error("MudBlazor cannot be loaded.");
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** @param {string} href @param {boolean} isOurs goes behind all others; the others before ours, which bring them to the same type and edges */
function loadSheet(href, isOurs = false) {
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = href;
  document.head.insertBefore(link, isOurs ? null : document.head.querySelector('link[rel="stylesheet"]'));
  return link;
}

function loadScript() {
  const made = document.createElement("script");
  made.src = script;
  document.head.append(made);
  return made;
}

/**
 * Returns when all are there. After a failure the next call tries again.
 * @param {string} theme its style sheet
 * @param {string} ours what it is brought to
 */
export async function load(theme, ours) {
  loading ??= Promise.all([arrival(() => loadSheet(sheet)), arrival(() => loadSheet(theme)), arrival(() => loadSheet(ours, true)), arrival(loadScript)]);
  try {
    await loading;
  } catch (reason) {
    loading = null;
    throw reason;
  }
}
