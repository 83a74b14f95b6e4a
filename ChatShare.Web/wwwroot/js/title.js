// @ts-check
// The title of a page that a circuit draws, as `<page-title text="…">`: Blazor's own takes eight components in every circuit.

const tag = "page-title";

/** The last one in the page is the innermost. */
function show() {
  const titles = document.querySelectorAll(tag);
  const text = titles[titles.length - 1]?.getAttribute("text");
  if (text) {
    document.title = text;
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
