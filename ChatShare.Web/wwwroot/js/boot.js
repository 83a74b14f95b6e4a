// @ts-check
// Starts Blazor and mends its connection.

import "./file-actions.js";
import "./focus.js";
import "./pane.js";
import "./title.js";
import { isEnter } from "./dom.js";
import { followDragsElsewhere } from "./drags.js";
import { isHandingOver } from "./picker.js";
import { showTransfers } from "./transfers.js";

const blazor = /** @type {any} */ (window).Blazor;
const root = document.documentElement;
const banner = document.getElementById("connection-banner");
const errorBar = document.getElementById("blazor-error-ui");

// From the start of one attempt to the start of the next.
const longestInterval = 3000;
const shortestPause = 500;
const probeTimeout = longestInterval - shortestPause;
// A circuit that has not opened by then will not: the server went away between the page and its circuit.
const openTimeout = 20000;
const slowStart = 1500;
const silence = 15000;

let mending = false;
let leaving = false;
let opened = false;
// The server lives, but this page's circuit does not, and files are still on their way.
let wantsReload = false;

/** An administrator ended the session: the page says so, and there is nothing to go back to. */
function hasEnded() {
  return document.querySelector("[data-ended]") !== null;
}

/**
 * Whether something that speaks HTTP and is not a proxy's error page answers. Bounded in time: a network that swallows
 * packets would keep Blazor's own attempt waiting for minutes.
 */
async function serverAnswers() {
  try {
    const response = await fetch("/health/live", { cache: "no-store", signal: AbortSignal.timeout(probeTimeout) });
    return response.status < 500;
  } catch {
    return false;
  }
}

/** @param {string} text what follows "Connection lost.", or "The server is being restarted." when the server has said so before it went (OpenPages.cs) */
function showBanner(text) {
  if (!banner) {
    return;
  }
  let countdown = banner.querySelector(".countdown");
  if (!countdown) {
    // Only the first sentence is announced; a screen reader must not count seconds.
    countdown = document.createElement("span");
    countdown.className = "countdown";
    countdown.setAttribute("aria-hidden", "true");
    banner.replaceChildren("stopping" in root.dataset ? "The server is being restarted. " : "Connection lost. ", countdown);
  }
  countdown.textContent = text;
  banner.hidden = false;
}

function showWaiting() {
  if (!banner) {
    return;
  }
  const now = document.createElement("button");
  now.type = "button";
  now.className = "link-button";
  now.textContent = "Load it now";
  now.addEventListener("click", () => location.reload());
  const what = document.querySelector(".chip") ? "Send the files that wait, or remove them: then" : "When your files are sent,";
  banner.replaceChildren(`The server was restarted. ${what} this page loads again and messages go on. `, now);
  banner.hidden = false;
}

function hideBanner() {
  if (banner) {
    banner.hidden = true;
    banner.replaceChildren();
  }
}

/**
 * Counts down in the banner; ends early when the network or the person comes back.
 * @param {number} milliseconds
 */
function pause(milliseconds) {
  return new Promise((resolve) => {
    const done = new AbortController();
    const until = performance.now() + milliseconds;
    /** @type {number} */
    let timer;
    const finish = () => {
      clearTimeout(timer);
      done.abort();
      resolve(undefined);
    };
    const tick = () => {
      const left = until - performance.now();
      if (left <= 0) {
        finish();
        return;
      }
      const seconds = Math.ceil(left / 1000);
      showBanner(`Trying again in ${seconds} s`);
      timer = window.setTimeout(tick, left - (seconds - 1) * 1000 + 1);
    };
    window.addEventListener("online", finish, { signal: done.signal });
    document.addEventListener("visibilitychange", () => !document.hidden && finish(), { signal: done.signal });
    tick();
  });
}

/**
 * Loads the page anew; before that it sends the files that are on their way, because no page can take them along. What is written
 * meanwhile waits in the browser.
 */
function reload() {
  if (document.dispatchEvent(new Event("chatshare:reload", { cancelable: true }))) {
    location.reload();
    return;
  }
  wantsReload = true;
  root.dataset.connection = "lost";
}

/** @param {number} milliseconds @returns {Promise<void>} */
const after = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** One attempt. Reloads when the server lives but does not know the circuit; the address brings everything back. */
async function attempt() {
  if (!(await serverAnswers())) {
    return false;
  }
  if (hasEnded()) {
    return true;
  }
  if (!opened) {
    reload();
    return true;
  }
  try {
    // Blazor's own attempt has no end where a network swallows what it sends; then the page loads itself as if the circuit were gone.
    if (await Promise.race([blazor.reconnect(), after(openTimeout)])) {
      // Blazor says so by itself, except when it found the connection already up.
      connectionIsUp();
    } else {
      reload();
    }
    return true;
  } catch {
    // Not reached after all, and the next attempt follows; or the session was ended meanwhile, and the join page says why.
    if (await sessionHasEnded()) {
      reload();
      return true;
    }
    return false;
  }
}

/** Knocks at the circuit's door. @returns {Promise<number>} a status, 0 when nobody answers */
async function knock() {
  try {
    const response = await fetch("/_blazor/negotiate?negotiateVersion=1", { method: "POST", signal: AbortSignal.timeout(probeTimeout) });
    return response.status;
  } catch {
    return 0;
  }
}

/** The door is closed to those without a session, and to nobody else. */
const sessionHasEnded = async () => (await knock()) === 401;

/** Why the page has not come to life, where that can be told: Blazor's own words for it are that something went wrong. */
async function explain() {
  const hasFailed = errorBar?.style.display === "block";
  const status = await knock();
  if (!errorBar || opened || !(status === 429 || (status === 200 && hasFailed))) {
    return;
  }
  errorBar.firstChild?.replaceWith(
    status === 429
      ? "Too many pages of this chat are open here. Close one of them, then "
      : "The server answers, but its live connection does not open. A proxy in between has to let WebSockets through. Then ",
  );
  const link = errorBar.querySelector(".reload");
  if (link) {
    link.textContent = "load this one again";
  }
  errorBar.classList.add("fatal");
  errorBar.style.display = "block";
}

function markLost() {
  root.dataset.connection = "lost";
  document.dispatchEvent(new Event("chatshare:disconnected"));
}

async function mend() {
  if (mending || wantsReload || leaving || hasEnded()) {
    return;
  }
  mending = true;
  markLost();
  // The first attempt is at once and without the banner: a short blip is not worth a word. After a restart many pages
  // come back together, so the pauses differ from page to page.
  for (let tries = 1; ; tries++) {
    const begun = performance.now();
    if ((await attempt()) || hasEnded()) {
      break;
    }
    const interval = Math.min(1000 * tries, longestInterval - Math.random() * 1000);
    await pause(Math.max(shortestPause, interval - (performance.now() - begun)));
    showBanner("Trying again now");
  }
  mending = false;
  if (wantsReload) {
    showWaiting();
  } else {
    hideBanner();
  }
}

function connectionIsUp() {
  hideBanner();
  if (root.dataset.connection !== "lost") {
    return;
  }
  delete root.dataset.connection;
  delete root.dataset.stopping;
  // A failed attempt may have put Blazor's own bar up; it is over.
  if (errorBar) {
    errorBar.style.display = "";
  }
  document.dispatchEvent(new Event("chatshare:reconnected"));
  // A link that was followed before the loss was noticed has changed the address here, and the server may not have heard of it. Not where something
  // lies over the page, and no link was: it would close, with all that was typed.
  if (!document.querySelector("dialog[open], .mud-dialog")) {
    void blazor.navigateTo(location.href, { replaceHistoryEntry: true });
  }
}

/** Blazor puts its bar up and gives up when the circuit itself broke; nothing that is called then is ever answered. */
function watchBars() {
  if (!banner || !errorBar) {
    return;
  }
  const bars = new MutationObserver(() => {
    const isUp = errorBar.style.display === "block";
    if (isUp && !mending && opened && !hasEnded()) {
      errorBar.classList.add("fatal");
      markLost();
    } else if (isUp && !opened && !errorBar.classList.contains("fatal")) {
      void explain();
    }
    // What lies below makes room.
    root.toggleAttribute("data-bar", isUp || !banner.hidden);
  });
  bars.observe(errorBar, { attributes: true, attributeFilter: ["style"] });
  bars.observe(banner, { attributes: true, attributeFilter: ["hidden"] });
}

/** @returns {boolean} whether this page came with components that want a circuit */
function wantsCircuit() {
  const comments = document.createTreeWalker(document, NodeFilter.SHOW_COMMENT);
  while (comments.nextNode()) {
    if (/^\s*Blazor:.*"type":"(server|auto)"/.test(comments.currentNode.nodeValue ?? "")) {
      return true;
    }
  }
  return false;
}

window.addEventListener("pagehide", () => {
  leaving = true;
});
// Blazor ended the circuit when the page was left; what the browser kept of it is a picture.
window.addEventListener("pageshow", (event) => {
  leaving = false;
  if (event.persisted && opened) {
    location.reload();
  }
});

// A page of another address would be asked of a server that does not answer, and the browser's own error page stands there.
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[href]:not([download], [target])") : null;
  if (link instanceof HTMLAnchorElement && root.dataset.connection === "lost" && link.origin === location.origin) {
    event.preventDefault();
    event.stopPropagation();
  }
}, true);
document.addEventListener("submit", (event) => {
  if (root.dataset.connection === "lost") {
    event.preventDefault();
    event.stopPropagation();
  }
}, true);
// Picked while the room is still being opened: the files stay in the input, and the room takes them when it is ready.
document.addEventListener("change", (event) => {
  if (!isHandingOver() && event.target instanceof Element && event.target.id === "attach-files" && document.querySelector(".room:not([data-ready]) .composer")) {
    event.stopImmediatePropagation();
  }
}, true);
// Sent while the room is still being opened: the field keeps it, and the composer sends it when it is there. What is typed next is another text.
/** @param {Event} event @param {Element | null | undefined} field */
function sendLater(event, field) {
  if (field instanceof HTMLTextAreaElement && field.value.trim() !== "" && field.closest(".room:not([data-ready])")) {
    event.preventDefault();
    field.dataset.early = JSON.stringify([...JSON.parse(field.dataset.early ?? "[]"), field.value]);
    field.value = "";
  }
}
document.addEventListener("keydown", (event) => {
  const field = event.target instanceof Element && event.target.matches(".composer-text") ? event.target : null;
  if (isEnter(event)) {
    sendLater(event, field);
  }
}, true);
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest(".composer .send") : null;
  sendLater(event, button?.closest(".composer")?.querySelector(".composer-text"));
}, true);
// Dropped where nothing takes it, a file would be opened in place of the page.
for (const type of ["dragover", "drop"]) {
  window.addEventListener(type, (event) => {
    if (!event.defaultPrevented && event instanceof DragEvent && event.dataTransfer?.types.includes("Files")) {
      event.dataTransfer.dropEffect = "none";
      event.preventDefault();
    }
  });
}

document.addEventListener("chatshare:uploads-idle", () => {
  if (wantsReload) {
    reload();
  }
});

/** Called once, when the page's components can call what they need. */
export async function start() {
  if (!blazor) {
    return;
  }
  // Long before the connection itself is found dead.
  window.addEventListener("offline", () => opened && void mend());
  watchBars();
  if (wantsCircuit()) {
    setTimeout(() => !opened && mend(), openTimeout);
    // Blazor does not tell why a circuit did not open.
    setTimeout(() => !opened && void explain(), slowStart);
  }
  await blazor.start({
    circuit: {
      // The server says something every five seconds (ChatShareApp.cs): silence is noticed before people wonder.
      configureSignalR: (/** @type {any} */ connection) => connection.withServerTimeout(silence),
      reconnectionHandler: { onConnectionDown: () => void mend(), onConnectionUp: connectionIsUp },
      circuitHandlers: [{ onCircuitOpened: () => (opened = true) }],
    },
  });
  // What is on its way, or waits, is shown on every page; the page itself comes first.
  showTransfers();
  followDragsElsewhere();
}
