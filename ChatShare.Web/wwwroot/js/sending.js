// @ts-check
// Sends what was announced, from where its bytes on the server end, however often that takes.

import { fallBack } from "./fallback.js";
import * as items from "./items.js";
import { forget } from "./memory.js";
import { doesNotGetThrough, isReadable, passing, rest } from "./retry.js";
import * as tus from "./tus.js";

/** @typedef {import("./items.js").Item} Item */

const small = 32 * 1024 * 1024;
const tiny = 1024 * 1024;
const smallestPart = 512 * 1024;
// Every few seconds: two minutes.
const mostRefusals = 40;

/** What each lane takes, in bytes: what is next; what no large file should hold up; and tiny ones, of which a line carries several at a time. */
const widths = [Infinity, small, tiny, tiny];
/** @type {(Item | null)[]} */
const lanes = widths.map(() => null);
// What is sent in one request; smaller after something on the way did not let it through.
let largestPart = Infinity;

/** Puts what is next into the lanes that are free. */
export function work() {
  lanes.forEach((busy, lane) => {
    if (busy) {
      return;
    }
    const next = items.all().find(
      (item) => item.state === "waiting" && item.id !== "" && item.size <= widths[lane] && !(item.index === 0 && items.isBatchOpen(item)),
    );
    if (next) {
      lanes[lane] = next;
      next.state = "sending";
      items.changed();
      void send(next).finally(() => {
        lanes[lane] = null;
        work();
      });
    }
  });
}

/** Until it is there, or somebody stops it. @param {Item} item */
async function send(item) {
  const { signal } = item.stop;
  let known = item.isNew;
  /** @type {number | null} of a part that broke off: whether any of it has arrived says what to send next */
  let broken = null;
  // So many answers in a row did not come or were not the server's; those to the questions between them do not count.
  let strange = 0;
  item.isNew = false;
  for (let tries = 1; !signal.aborted; tries++) {
    if (!known) {
      const got = await tus.head(item.id, signal);
      if (signal.aborted) {
        return;
      }
      if (got.status !== 200 || got.offset === null) {
        await answered(item, got, tries, signal);
        continue;
      }
      if (got.offset > item.offset) {
        tries = 1;
        strange = 0;
      } else if (broken !== null) {
        largestPart = Math.max(smallestPart, Math.ceil(broken / 8));
      }
      known = true;
      items.isThere(item, got.offset);
      if (item.offset === item.size && item.size > 0) {
        break;
      }
    }

    // A whole file is read by the browser's network process itself; a slice goes through two more processes, at half the speed.
    const part = item.offset === 0 && item.size <= largestPart ? item.file : item.file.slice(item.offset, item.offset + largestPart);
    const byPost = tus.goesByPost();
    const got = await tus.append(item.id, item.offset, part, (sent) => (item.sent = item.offset + sent), signal);
    if (signal.aborted) {
      return;
    }
    if (got.status === 204 && got.offset !== null) {
      item.offset = item.sent = got.offset;
      tries = strange = 0;
      broken = null;
      if (item.offset === item.size) {
        break;
      }
      continue;
    }
    known = false;
    const notLetThrough = got.status === 413 && !got.ours;
    broken = got.status === 0 || notLetThrough ? part.size : null;
    strange = got.ours ? 0 : strange + 1;
    if (!(await isReadable(item.file))) {
      items.fail(item, `“${item.name}” was moved or changed on this computer. Choose it again.`, false);
    } else if (notLetThrough && part.size > smallestPart) {
      await rest(tries, 0, signal);
    } else if (got.status !== 401 && (await doesNotGetThrough(got, strange))) {
      strange = 0;
      if (byPost) {
        giveToCircuit();
      } else {
        tus.goByPost();
      }
    } else {
      await answered(item, got, tries, signal);
    }
  }
  if (!signal.aborted) {
    forget(item.id);
    item.state = "done";
    items.changed();
  }
}

/** Only the chat's own connection is left: what was announced is called off, and announced there. */
function giveToCircuit() {
  for (const { id } of fallBack((item) => items.isUnderWay(item) || item.id === "")) {
    if (id !== "") {
      void removeFromServer(id);
    }
  }
}

/** What becomes of it after another answer than the one that was hoped for. @param {Item} item @param {tus.Answer} got @param {number} tries @param {AbortSignal} signal */
async function answered(item, got, tries, signal) {
  if (got.status === 401) {
    items.endAll();
  } else if (passing.has(got.status)) {
    await rest(tries, got.retryAfter, signal);
  } else if (got.calledOff) {
    items.cancel(item);
  } else {
    forget(item.id);
    items.fail(item, got.status === 404 || got.status === 410 ? got.sentence || "This upload has ended." : got.sentence, true);
  }
}

/** Calls an upload off, for good. @param {string} id of the file */
export async function removeFromServer(id) {
  forget(id);
  const { signal } = new AbortController();
  for (let refusals = 0; refusals < mostRefusals; ) {
    const { status } = await tus.remove(id, signal);
    if (!passing.has(status)) {
      return;
    }
    // A server that is away comes back; one that cannot do it is not asked for ever.
    refusals += status === 0 ? 0 : 1;
    await rest(refusals + 1, 0, signal);
  }
}
