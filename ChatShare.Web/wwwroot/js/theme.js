// @ts-check
// A classic script in <head>: it runs before the first paint, so neither the theme nor the right pane flashes.

(() => {
  /** @typedef {"light" | "dark" | "system"} Choice */
  /** @typedef {"light" | "dark"} Resolved */

  const themeKey = "chatshare.theme";
  const paneKey = "chatshare.pane";
  const root = document.documentElement;
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  /** @type {Set<(resolved: Resolved) => void>} */
  const listeners = new Set();
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

  /** Shows on the buttons which choice holds; pages that render later call it through onChange. */
  function mark() {
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.getAttribute("data-theme-choice") === choice()));
    }
  }

  function apply() {
    const now = resolved();
    const before = root.dataset.theme;
    root.dataset.theme = now;
    mark();
    if (before !== undefined && before !== now) {
      listeners.forEach((listener) => listener(now));
    }
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

  /**
   * Calls back with "light" or "dark" when the theme changes.
   * A .NET object gets `ThemeChangedAsync(string resolved)`; one that is gone is forgotten at the next change.
   * @param {((resolved: Resolved) => void) | { invokeMethodAsync(method: string, ...args: unknown[]): Promise<unknown> }} target
   */
  function onChange(target) {
    /** @param {Resolved} now */
    const listener = (now) => {
      if (typeof target === "function") {
        target(now);
      } else {
        target.invokeMethodAsync("ThemeChangedAsync", now).catch(() => listeners.delete(listener));
      }
    };
    listeners.add(listener);
    mark();
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

  Object.assign(window, { chatshareTheme: { choice, resolved, set, onChange } });
})();
