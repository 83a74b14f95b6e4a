// @ts-check
// A picture: fitted into the window, and larger where one clicks or presses + and -.

import { element, iconButton } from "./dom.js";
import { lookAddress } from "./file-facts.js";

const stepFactor = 1.5;
const largest = 8;
const panStep = 80;
// Less is a click whose hand was not quite still.
const dragFrom = 4;

/** @param {import("./viewer.js").Place} place @returns {import("./viewer.js").Shown} */
export function showImage({ file, stage, tools, fail, signal }) {
  const frame = element("div", "viewer-image");
  const picture = new Image();
  let { width, height } = file;
  // How large a pixel of the picture is shown; 0 until the picture's size is known.
  let scale = 0;

  const fit = () => Math.min(1, frame.clientWidth / width, frame.clientHeight / height);
  const isZoomed = () => scale > fit() * 1.01;

  /** @param {number} wanted @param {number} [x] the point of the frame that stays where it is; its middle when left out @param {number} [y] */
  function resize(wanted, x = frame.clientWidth / 2, y = frame.clientHeight / 2) {
    if (width === 0 || height === 0) {
      return;
    }
    const across = (frame.scrollLeft + x - picture.offsetLeft) / (picture.offsetWidth || 1);
    const down = (frame.scrollTop + y - picture.offsetTop) / (picture.offsetHeight || 1);
    scale = Math.max(fit(), Math.min(wanted, Math.max(largest, fit())));
    picture.style.width = `${Math.max(1, Math.round(width * scale))}px`;
    picture.style.height = `${Math.max(1, Math.round(height * scale))}px`;
    frame.scrollLeft = across * picture.offsetWidth + picture.offsetLeft - x;
    frame.scrollTop = down * picture.offsetHeight + picture.offsetTop - y;
    frame.dataset.zoomed = String(isZoomed());
    smaller.setAttribute("aria-disabled", String(!isZoomed()));
    larger.setAttribute("aria-disabled", String(scale >= largest));
  }

  const smaller = iconButton("minus", "Zoom out", "Zoom out", () => resize(scale / stepFactor));
  const larger = iconButton("plus", "Zoom in", "Zoom in", () => resize(scale * stepFactor));
  tools.append(smaller, larger);

  picture.alt = file.name;
  picture.draggable = false;
  picture.decoding = "async";
  if (width > 0) {
    // The small one is here already; it stands in until the whole one is.
    picture.style.backgroundImage = `url("/thumbnails/${file.id}")`;
  }
  picture.addEventListener("load", () => {
    picture.style.backgroundImage = "";
    frame.dataset.whole = "";
    if (width === 0) {
      [width, height] = [picture.naturalWidth, picture.naturalHeight];
      resize(0);
    }
  }, { signal });
  picture.addEventListener("error", () => fail("This picture cannot be shown."), { signal });

  /** @type {{ x: number, y: number, left: number, top: number, dragged: boolean } | null} */
  let held = null;
  frame.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button === 0) {
      held = { x: event.clientX, y: event.clientY, left: frame.scrollLeft, top: frame.scrollTop, dragged: false };
    }
  });
  window.addEventListener("pointermove", (event) => {
    if (event.buttons === 0) {
      // Let go outside of the window.
      held = null;
    }
    if (held && (held.dragged || Math.hypot(event.clientX - held.x, event.clientY - held.y) > dragFrom)) {
      held.dragged = true;
      frame.scrollTo(held.left - event.clientX + held.x, held.top - event.clientY + held.y);
    }
  }, { signal });
  picture.addEventListener("click", (event) => {
    if (!held?.dragged) {
      const box = frame.getBoundingClientRect();
      // A picture that is shown whole as it is becomes twice as large; a smaller one as it is.
      const wanted = isZoomed() ? 0 : fit() < 0.99 ? 1 : 2;
      resize(wanted, event.clientX - box.left, event.clientY - box.top);
    }
  });
  // After the click that belongs to it.
  window.addEventListener("click", () => (held = null), { signal });

  frame.append(picture);
  stage.append(frame);
  const followWindow = new ResizeObserver(() => resize(isZoomed() ? scale : 0));
  resize(0);
  followWindow.observe(frame);
  signal.addEventListener("abort", () => {
    followWindow.disconnect();
    // A large one that is no longer wanted need not come.
    picture.src = "";
  });
  picture.src = lookAddress(file);

  /** @type {Record<string, () => void>} */
  const keys = {
    "+": () => resize(scale * stepFactor),
    "=": () => resize(scale * stepFactor),
    "-": () => resize(scale / stepFactor),
    0: () => resize(0),
  };
  /** @type {Record<string, [number, number]>} */
  const pans = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  return {
    onKey: (event) => {
      const pan = isZoomed() ? pans[event.key] : undefined;
      if (pan) {
        frame.scrollBy(pan[0] * panStep, pan[1] * panStep);
      }
      keys[event.key]?.();
      return pan !== undefined || event.key in keys;
    },
  };
}
