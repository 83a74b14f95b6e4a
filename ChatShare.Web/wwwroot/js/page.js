// @ts-check
// All scripts of a page with a circuit, and those that its components call. The server sends them as one file, see PageScript.cs.

import { start } from "./boot.js";
import * as chat from "./chat.js";
import * as downloads from "./downloads.js";
import * as focus from "./focus.js";
import * as hits from "./hits.js";
import * as overlays from "./overlays.js";
import * as picker from "./picker.js";
import * as times from "./times.js";
import * as whoHasIt from "./who-has-it.js";

/** @type {any} */ (globalThis).chatshare = { chat, downloads, focus, hits, overlays, picker, times, whoHasIt };
void start();
