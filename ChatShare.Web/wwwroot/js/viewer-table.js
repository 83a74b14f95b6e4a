// @ts-check
// Comma-separated values and their relatives, as a table.

import { element } from "./dom.js";
import { grouped } from "./text.js";

const mostRows = 1000;
const mostColumns = 100;
const sampleRows = 20;

/**
 * @param {string} text
 * @param {string} separator one character
 * @param {number} limit
 * @returns {{ rows: string[][], isWhole: boolean }} isWhole: nothing follows the last row
 */
export function parse(text, separator, limit) {
  /** @type {string[][]} */
  const rows = [];
  /** @type {string[]} */
  let row = [];
  let at = 0;
  while (at < text.length && rows.length < limit) {
    let cell = "";
    if (text[at] === '"') {
      // To the next quote that is not doubled; one that never comes ends with the text.
      for (at++; at < text.length; at++) {
        const quote = text.indexOf('"', at);
        const end = quote < 0 ? text.length : quote;
        cell += text.slice(at, end);
        at = end;
        if (text[at + 1] !== '"') {
          at++;
          break;
        }
        cell += '"';
        at++;
      }
    }
    const from = at;
    while (at < text.length && text[at] !== separator && text[at] !== "\n" && text[at] !== "\r") {
      at++;
    }
    row.push(cell + text.slice(from, at));
    if (text[at] === separator) {
      at++;
      // A separator at the very end has an empty cell behind it.
      if (at < text.length) {
        continue;
      }
      row.push("");
    }
    if (text[at] === "\r" && text[at + 1] === "\n") {
      at++;
    }
    at++;
    rows.push(row);
    row = [];
  }
  return { rows, isWhole: at >= text.length };
}

/** @param {string} text @param {string} name @returns {string} the one that makes the most rows of equal length */
function separatorOf(text, name) {
  const candidates = /\.tsv$/i.test(name) ? ["\t", ",", ";"] : [",", ";", "\t"];
  let best = candidates[0];
  let bestScore = 0;
  for (const separator of candidates) {
    const { rows } = parse(text, separator, sampleRows);
    const columns = rows[0].length;
    const alike = rows.filter((row) => row.length === columns).length;
    const score = columns > 1 ? alike / rows.length + columns / 1000 : 0;
    if (score > bestScore) {
      [best, bestScore] = [separator, score];
    }
  }
  return best;
}

/**
 * @param {HTMLElement} frame
 * @param {string} text
 * @param {string} name
 * @param {boolean} isCut the text breaks off somewhere
 * @returns {string} what is left out, besides that; empty for nothing
 */
export function drawTable(frame, text, name, isCut) {
  // Excel's own line about what follows.
  const told = /^sep=(.)(\r\n|\n|\r)/.exec(text);
  const content = told ? text.slice(told[0].length) : text;
  const { rows, isWhole } = parse(content, told ? told[1] : separatorOf(content, name), mostRows + 1);
  if (isWhole && isCut && rows.length > 1) {
    rows.pop();
  }
  const columns = Math.max(...rows.map((row) => row.length));
  const shownColumns = Math.min(columns, mostColumns);
  const table = element("table");
  const head = element("thead");
  const body = element("tbody");
  table.append(head, body);
  rows.forEach((row, index) => {
    const line = element("tr");
    for (let at = 0; at < shownColumns; at++) {
      const cell = element(index === 0 ? "th" : "td", "", row[at] ?? "");
      if (index === 0) {
        cell.setAttribute("scope", "col");
      }
      line.append(cell);
    }
    (index === 0 ? head : body).append(line);
  });
  frame.replaceChildren(table);
  const left = isWhole ? [] : [`The first ${grouped(rows.length - 1)} rows`];
  if (columns > shownColumns) {
    left.push(`The first ${shownColumns} of ${grouped(columns)} columns`);
  }
  return left.join(" · ");
}
