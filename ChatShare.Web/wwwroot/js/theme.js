// @ts-check
// A classic script in <head> of every page: it runs before the first paint, so neither the theme nor the right pane flashes.

(() => {
  /** @typedef {"light" | "dark" | "system"} Choice */
  /** @typedef {"light" | "dark"} Resolved */

  const themeKey = "chatshare.theme";
  const paneKey = "chatshare.pane";
  const root = document.documentElement;
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  // Storage may be refused (private windows, policies): the choice then lives as long as the page.
  /** @type {Choice} */
  let fallback = "system";

  /** @param {string} key */
  function read(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  }

  /** @returns {Choice} */
  function choice() {
    const stored = read(themeKey);
    return stored === "light" || stored === "dark" || stored === "system" ? stored : fallback;
  }

  /** @returns {Resolved} */
  function resolved() {
    const chosen = choice();
    return chosen === "system" ? (prefersDark.matches ? "dark" : "light") : chosen;
  }

  /** Shows on the buttons which choice holds. */
  function mark() {
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.getAttribute("data-theme-choice") === choice()));
    }
  }

  function apply() {
    root.dataset.theme = resolved();
    mark();
  }

  /** @param {Choice} value */
  function set(value) {
    fallback = value;
    try {
      localStorage.setItem(themeKey, value);
    } catch {
      // Kept in `fallback`.
    }
    apply();
  }

  root.dataset.pane = read(paneKey) === "closed" ? "closed" : "open";
  apply();
  prefersDark.addEventListener("change", apply);
  window.addEventListener("storage", (event) => event.key === themeKey && apply());
  document.addEventListener("DOMContentLoaded", mark);
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-theme-choice]") : null;
    const value = button?.getAttribute("data-theme-choice");
    if (value === "light" || value === "dark" || value === "system") {
      set(value);
    }
  });

  // Buttons that come into the page later, with the circuit. In a page that is still being read they are empty here, and marked when it is.
  customElements.define("theme-choice", class extends HTMLElement {
    connectedCallback() {
      mark();
    }
  });

  // Pressed twice, a form goes once: the second who joins by a name is told that it is taken.
  /** @type {WeakSet<EventTarget>} */
  let sent = new WeakSet();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!event.defaultPrevented && form instanceof HTMLFormElement && form.method === "post") {
      if (sent.has(form)) {
        event.preventDefault();
      }
      sent.add(form);
    }
  });
  window.addEventListener("pageshow", () => (sent = new WeakSet()));
})();
