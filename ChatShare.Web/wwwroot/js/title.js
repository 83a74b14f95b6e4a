// @ts-check
// The title of a page that a circuit draws, as `<page-title text="…">`: Blazor's own takes eight components in every circuit.

const tag = "page-title";

/** The sign of the tab, which is all that is seen of one among many, while nothing is new. @type {string | null} */
let plainIcon = null;

/** What came into the open room while nobody looked; the server counts the other rooms. */
let unseen = 0;

/** The last one in the page is the innermost. */
function show() {
  const titles = document.querySelectorAll(tag);
  const text = titles[titles.length - 1]?.getAttribute("text");
  if (text) {
    const counted = /^\((\d+)\) /.exec(text);
    const total = Number(counted?.[1] ?? 0) + unseen;
    showIcon(total > 0);
    document.title = `${total > 0 ? `(${total}) ` : ""}${text.slice(counted?.[0].length ?? 0)}`;
  }
}

/** @param {boolean} isNews */
function showIcon(isNews) {
  const icon = /** @type {HTMLLinkElement | null} */ (document.querySelector("link[rel=icon]"));
  if (icon) {
    plainIcon ??= icon.getAttribute("href") ?? "";
    const wanted = isNews ? icon.dataset.unread ?? "" : plainIcon;
    if (icon.getAttribute("href") !== wanted) {
      icon.setAttribute("href", wanted);
    }
  }
}

/** @param {number} count of the open room's messages that came while the page was in the background */
export function showUnseen(count) {
  if (count !== unseen) {
    unseen = count;
    show();
  }
}

customElements.define(tag, class extends HTMLElement {
  static observedAttributes = ["text"];

  connectedCallback() {
    show();
  }

  disconnectedCallback() {
    show();
  }

  attributeChangedCallback() {
    show();
  }
});
