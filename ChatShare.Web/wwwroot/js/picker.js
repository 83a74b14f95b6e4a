// @ts-check
// Hands files to Blazor as if they had been picked there, for when nothing but the chat's own connection gets through.

// The input describes all its files to the server in one message, and one over 64 KiB would end the circuit.
const longestDescription = 60_000;
const describedBesideName = 120;

/** @param {File[]} files @returns {File[][]} as few groups as can each be described in one message */
function groupsOf(files) {
  const encoder = new TextEncoder();
  /** @type {File[][]} */
  const groups = [];
  let left = 0;
  for (const file of files) {
    const length = describedBesideName + encoder.encode(file.name + file.type).length;
    if (length > left) {
      groups.push([]);
      left = longestDescription;
    }
    groups[groups.length - 1].push(file);
    left -= length;
  }
  return groups;
}

const input = () => /** @type {HTMLInputElement | null} */ (document.getElementById("attach-files"));

/**
 * @param {Element | null} before the input that was used last
 * @returns {Promise<void>} when the server has put the next one in its place, and Blazor listens to it: it gives each a counter
 */
async function nextInput(before) {
  const isNext = () => input() !== null && input() !== before && "_blazorInputFileNextFileId" in /** @type {object} */ (input());
  while (!isNext()) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Whether the change of the input that is being heard of was made here. */
export let isHandingOver = false;
/** @type {Promise<void>} one group after the other, each in an input of its own */
let handing = Promise.resolve();

/** @param {File[]} files */
export function sendOverCircuit(files) {
  for (const group of groupsOf(files)) {
    handing = handing.then(() => hand(group));
  }
}

/** @param {File[]} group */
async function hand(group) {
  const target = input();
  if (!target) {
    return;
  }
  const transfer = new DataTransfer();
  group.forEach((file) => transfer.items.add(file));
  isHandingOver = true;
  target.files = transfer.files;
  target.dispatchEvent(new Event("change", { bubbles: true }));
  isHandingOver = false;
  await nextInput(target);
}
