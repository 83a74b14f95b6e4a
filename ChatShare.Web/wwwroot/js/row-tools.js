// @ts-check
// What can be done with a message: one small toolbar for the whole log, at the row under the pointer, that was tapped, or that has the focus.
//
// It stands beside the log and not in it: the rows are Blazor's, and whatever changes in them moves the scroll position.

import { copyFrom } from "./copy.js";
import { element, showActions } from "./dom.js";

const shownOfText = 120;

/**
 * @param {{
 *   scroller: HTMLElement,
 *   tools: HTMLElement,
 *   room: string,
 *   person: string,
 *   administrator: boolean,
 *   takeBack: (number: number, files: string[]) => void,
 *   signal: AbortSignal,
 * }} options tools: an empty element beside the scroller; administrator: may take back everybody's messages; whether it is so is asked again
 *   by the server
 */
export function followRows({ scroller, tools, room, person, administrator, takeBack, signal }) {
  /** The message that it belongs to, by its id: the row is made anew when it changes. */
  let current = "";

  const article = () => (current === "" ? null : document.getElementById(current));
  const text = () => article()?.querySelector(".text:not(.deleted)") ?? null;

  /** @returns {import("./dom.js").Action[]} */
  function actions() {
    const message = article();
    /** @type {import("./dom.js").Action[]} */
    const wanted = [];
    if (text()) {
      wanted.push(["Copy text", "copy", "Copy text", () => copy("Copy text", text()?.textContent ?? "")]);
    }
    wanted.push(["Copy link", "link", "Copy link", () => copy("Copy link", linkTo())]);
    if (administrator || message?.getAttribute("data-person") === person) {
      wanted.push(["Take back", "trash", "Take back", ask]);
    }
    return wanted;
  }

  /** @param {string} label of the button @param {string} what */
  function copy(label, what) {
    const button = tools.querySelector(`[aria-label="${label}"]`);
    if (button instanceof HTMLElement) {
      void copyFrom(button, what);
    }
  }

  const linkTo = () => {
    const address = new URL(`/rooms/${encodeURIComponent(room)}`, location.href);
    address.searchParams.set("at", article()?.getAttribute("data-number") ?? "");
    return address.href;
  };

  function ask() {
    const number = Number(article()?.getAttribute("data-number") ?? 0);
    const said = text()?.textContent ?? "";
    const files = [...(article()?.closest(".row")?.querySelectorAll(".card[data-file]") ?? [])].map((card) => card.getAttribute("data-file") ?? "");
    confirmTakingBack(said.length > shownOfText ? `${said.slice(0, shownOfText)}…` : said, () => takeBack(number, files), () => {
      hide();
      scroller.focus({ preventScroll: true });
    });
  }

  /** @param {Element | null | undefined} row */
  function show(row) {
    const message = row?.querySelector(".message[id]");
    if (!message || message.querySelector(".text.deleted")) {
      hide();
      return;
    }
    current = message.id;
    const who = message.querySelector(".name")?.textContent ?? "";
    tools.setAttribute("aria-label", `Message of ${who}, ${message.querySelector("time")?.textContent ?? ""}`);
    showActions(tools, actions());
    tools.hidden = false;
    place();
  }

  /** At the upper right of its row; gone when that has left the log. */
  function place() {
    const row = article()?.closest(".row");
    const around = scroller.getBoundingClientRect();
    const at = row?.getBoundingClientRect();
    if (!at || at.bottom <= around.top || at.top >= around.bottom) {
      hide();
      return;
    }
    const { top, right } = freePlace(around, at);
    tools.style.top = `${top - around.top}px`;
    tools.style.right = `${around.right - right}px`;
  }

  /**
   * Over the end of the row before rather than of its own first line, and over nothing that can be pressed: whoever goes from this row to a button
   * near by would find the toolbar there.
   * @param {DOMRect} around of the log @param {DOMRect} at of the row
   * @returns {{ top: number, right: number }} in the window
   */
  function freePlace(around, at) {
    const { offsetWidth: width, offsetHeight: height } = tools;
    const tops = [at.top - height + 8, at.top].map((top) => Math.max(top, around.top));
    const others = [...scroller.querySelectorAll("a, button, summary, input")].map((other) => other.getBoundingClientRect());
    for (let right = at.right - 12; right - width > at.left; right -= 8) {
      for (const top of tops) {
        if (!others.some((other) => other.left < right && other.right > right - width && other.top < top + height && other.bottom > top)) {
          return { top, right };
        }
      }
    }
    return { top: tops[0], right: at.right - 12 };
  }

  function hide() {
    current = "";
    tools.hidden = true;
  }

  /** Whether somebody is in it by the keyboard; a button that was clicked has the focus as well. */
  const isInUse = () => tools.querySelector(":focus-visible") !== null;

  /** @param {number} step 1 or -1: the next or the previous message that something can be done with */
  function move(step) {
    const rows = [...scroller.querySelectorAll(".message[id]:not(:has(.text.deleted))")];
    const next = rows[rows.findIndex((row) => row.id === current) + step];
    if (!next) {
      return;
    }
    const focused = [...tools.children].findIndex((button) => button === document.activeElement);
    next.closest(".row")?.scrollIntoView({ block: "nearest" });
    show(next.closest(".row"));
    focusTool(focused);
  }

  /** @param {number} index */
  function focusTool(index) {
    const button = tools.children[Math.min(Math.max(index, 0), tools.children.length - 1)];
    if (button instanceof HTMLElement) {
      button.focus({ preventScroll: true });
    }
  }

  /** The last message that can be seen. */
  function lastSeen() {
    const bottom = scroller.getBoundingClientRect().bottom;
    return [...scroller.querySelectorAll(".row:has(.message[id])")].findLast((row) => row.getBoundingClientRect().top < bottom - 8);
  }

  scroller.addEventListener(
    "pointerover",
    (event) => {
      if (event.pointerType !== "touch" && event.target instanceof Element && !isInUse()) {
        show(event.target.closest(".row"));
      }
    },
    { signal },
  );
  tools.parentElement?.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && !isInUse() && hide(), { signal });
  scroller.addEventListener(
    "click",
    (event) => {
      const isTap = event instanceof PointerEvent && event.pointerType === "touch";
      if (!isTap || !(event.target instanceof Element) || event.target.closest("a, button, summary, input, video, audio")) {
        return;
      }
      const row = event.target.closest(".row");
      if (tools.hidden || row?.querySelector(".message")?.id !== current) {
        show(row);
      } else {
        hide();
      }
    },
    { signal },
  );
  // Looked at when it has come to rest: where there is no clipboard, copying borrows it for a moment.
  const left = () =>
    setTimeout(() => {
      const now = document.activeElement;
      if (!scroller.contains(now) && !tools.contains(now) && !tools.matches(":hover")) {
        hide();
      }
    });
  scroller.addEventListener("focusout", left, { signal });
  tools.addEventListener("focusout", left, { signal });
  scroller.addEventListener("focusin", (event) => event.target instanceof Element && event.target !== scroller && show(event.target.closest(".row")), { signal });
  scroller.addEventListener("scroll", () => !tools.hidden && (isInUse() ? place() : hide()), { passive: true, signal });
  scroller.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Enter" && event.target === scroller) {
        event.preventDefault();
        show(lastSeen());
        focusTool(0);
      }
    },
    { signal },
  );
  tools.addEventListener(
    "keydown",
    (event) => {
      const focused = [...tools.children].findIndex((button) => button === document.activeElement);
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step) {
        focusTool(focused + step);
      } else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
        move(event.key === "ArrowDown" ? 1 : -1);
      } else if (event.key === "Escape") {
        hide();
        scroller.focus({ preventScroll: true });
      } else {
        return;
      }
      event.preventDefault();
    },
    { signal },
  );
  // A row that changes or goes takes the toolbar along.
  const changes = new MutationObserver(() => !tools.hidden && (article()?.querySelector(".text.deleted") ? hide() : place()));
  changes.observe(scroller, { childList: true, subtree: true });
  signal.addEventListener("abort", () => {
    changes.disconnect();
    hide();
  });
}

/**
 * @param {string} said what the message says; empty for files alone
 * @param {() => void} act
 * @param {() => void} closed the focus goes on from here
 */
function confirmTakingBack(said, act, closed) {
  const dialog = document.createElement("dialog");
  dialog.className = "box question";
  dialog.setAttribute("closedby", "any");
  const title = element("h2", "", "Take this message back?");
  title.id = "question-title";
  dialog.setAttribute("aria-labelledby", title.id);
  const quote = element("blockquote", "", said);
  quote.dir = "auto";
  quote.hidden = said === "";
  const buttons = element("div", "question-buttons");
  /** @param {string} label @param {string} kind @param {() => void} press */
  const add = (label, kind, press) => {
    const button = element("button", `button ${kind}`, label);
    button.setAttribute("type", "button");
    button.addEventListener("click", () => {
      press();
      dialog.close();
    });
    buttons.append(button);
  };
  add("Keep it", "", () => undefined);
  add("Take it back", "danger", act);
  dialog.append(title, quote, element("p", "muted", "It goes for everyone, with its files. The place stays, and says so."), buttons);
  dialog.addEventListener("close", () => {
    dialog.remove();
    closed();
  });
  document.body.append(dialog);
  dialog.showModal();
}
