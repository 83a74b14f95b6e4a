// @ts-check
// Fingers on the viewer: a quick stroke to the side is the next file, or the one before.

const shortest = 60;
const longest = 700;

/**
 * Whether something under the finger moves sideways itself: a wide table, a picture that was made larger, a film's own controls.
 * @param {Element} touched
 * @param {Element} stage
 */
function movesItself(touched, stage) {
  if (touched.closest("audio, video, input")) {
    return true;
  }
  for (let at = touched; at !== stage; at = at.parentElement ?? stage) {
    if (at.scrollWidth > at.clientWidth + 1 && getComputedStyle(at).overflowX !== "visible") {
      return true;
    }
  }
  return false;
}

/**
 * @param {HTMLElement} stage
 * @param {(by: 1 | -1) => void} step
 */
export function followSwipes(stage, step) {
  /** @type {{ x: number, y: number, at: number } | null} */
  let begun = null;
  stage.addEventListener(
    "touchstart",
    (event) => {
      const touch = event.touches[0];
      const alone = event.touches.length === 1 && (window.visualViewport?.scale ?? 1) === 1;
      begun = alone && event.target instanceof Element && !movesItself(event.target, stage)
        ? { x: touch.clientX, y: touch.clientY, at: event.timeStamp }
        : null;
    },
    { passive: true },
  );
  stage.addEventListener("touchcancel", () => (begun = null));
  stage.addEventListener("touchend", (event) => {
    const touch = event.changedTouches[0];
    if (begun && event.touches.length === 0 && event.timeStamp - begun.at < longest) {
      const [x, y] = [touch.clientX - begun.x, touch.clientY - begun.y];
      if (Math.abs(x) > shortest && Math.abs(y) < Math.abs(x) / 2) {
        step(x < 0 ? 1 : -1);
      }
    }
    begun = null;
  });
}
