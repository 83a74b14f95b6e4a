// @ts-check
// When what has the focus goes away, as a button goes with what it has done, the browser puts the focus at the top of the page. Here it goes to
// the table, list or log in which that stood. Not to the next button: whoever presses a key twice would do it to the next one, too.

const places = "table, ul, [role='log'], main, aside";

/** @type {HTMLElement | null} */
let last = null;
/** Around it, from the inside out. @type {HTMLElement[]} */
let around = [];

document.addEventListener("focusin", ({ target }) => {
  last = target instanceof HTMLElement ? target : null;
  around = [];
  for (let at = last?.parentElement; at; at = at.parentElement) {
    if (at.matches(places)) {
      around.push(at);
    }
  }
});

function goOn() {
  // Somebody who knows better was faster: a row that is drawn anew gives it to the same button.
  if (!last || last.isConnected || document.activeElement !== document.body) {
    return;
  }
  last = null;
  const place = around.find((one) => one.isConnected);
  if (place) {
    if (!place.hasAttribute("tabindex")) {
      place.tabIndex = -1;
    }
    place.focus({ preventScroll: true });
  }
}

/**
 * What a component of the server wants to have the focus.
 * @param {HTMLElement | null} element null when the page was left before the server's wish came
 */
export function focusOn(element) {
  element?.focus();
}

new MutationObserver(() => {
  if (last && !last.isConnected && document.activeElement === document.body) {
    setTimeout(goOn);
  }
}).observe(document.body, { childList: true, subtree: true });
