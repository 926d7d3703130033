// The rating page.  The server decides what comes next; this script only makes the way there
// short: pictures are decoded ahead, answers travel in the background, and the next picture is on
// the screen in the frame after the answer.

import { Bar } from "./bar.js";
import { Deck, loadPicture, prepared } from "./deck.js";
import { keepNotice, takeNotice } from "./notice.js";
import { Panel } from "./panel.js";
import { AnswerQueue } from "./queue.js";
import { listenForKeys, nameKeys, offerSwitch, pointsOf } from "./shortcuts.js";
import { Stage } from "./stage.js";

const SAVING_PATIENCE_MS = 3_000;
const RETRY_MS = 2_000;
const SLOW_MS = 300;
const MOMENT = "One moment …";
const OFFLINE = "Waiting for the connection. Your answers are kept in this browser.";

const page = document.querySelector(".rating");
const { study, csrf } = page.dataset;
const home = `/rate/${study}`;
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const bar = new Bar(page);
const panel = new Panel(page);
const stage = new Stage(page.querySelector("[data-stage]"), { onFit: (fit) => bar.showFit(fit) });
const deck = new Deck({ study, isTaken: (id) => id === view.id || answered.has(id) });
const queue = new AnswerQueue({
  study,
  token: csrf,
  on: {
    stored: onStored,
    refused: onRefused,
    stale: (sentence) => panel.say(sentence, { isProblem: true }),
    changed: (state) => bar.showQueue(state),
  },
});
const answered = new Set(queue.presentations);
let view = panel.view;
let isAdvancing = false;
let isLeaving = false;

const actions = {
  rate: (key, score) => panel.rate(key, score),
  magnify: (event) => stage.toggleMagnified(event),
  submit,
  back,
  keep,
};
bar.on(actions);
panel.on(actions);
stage.on(actions);
listenForKeys({ page, points: pointsOf(page), actions });
offerSwitch(page);
nameKeys(page);
page.classList.add("is-ready");
panel.say(takeNotice() || panel.message, { isProblem: panel.hasProblem });
panel.focus();
place(view, loadPicture(view, "high"));
deck.refill();
queue.flush();

// --- answering ---

function submit() {
  if (isLeaving || !stage.isShowing) return;
  if (panel.missing.length > 0) {
    panel.askForMissing();
    return;
  }
  const [width, height] = stage.shownPx;
  answered.add(view.id);
  queue.add({
    presentation: view.id,
    revision: view.revision + 1,
    ...panel.scores,
    dwell_ms: stage.dwellMs,
    shown_width_px: width,
    shown_height_px: height,
  });
  advance();
}

async function advance() {
  if (isAdvancing) return;
  isAdvancing = true;
  const next = deck.take() ?? (await waitForNext());
  isAdvancing = false;
  if (next) show(next);
}

// Nothing is ready: let everything be stored, then ask the server; it may be a break or the end.
async function waitForNext() {
  stage.clear();
  stage.say(navigator.onLine ? MOMENT : OFFLINE);
  panel.empty();
  await queue.whenEmpty();
  while (!isLeaving && !(await deck.refill())) await pause(RETRY_MS);
  return deck.take() ?? void leave();
}

function show({ view: next, picture }) {
  const before = view;
  view = next;
  if (location.pathname !== home) history.replaceState(null, "", home);
  stage.clear();
  panel.fill(next);
  panel.focus();
  bar.showPlace(next);
  panel.say(wordAbout(next, before));
  return place(next, picture);
}

function wordAbout(next, before) {
  if (next.revision > 0) return "Correcting an earlier picture.";
  const isFirstCounted = before.phase === "training" && next.phase === "main";
  return isFirstCounted ? "Practice is over. From here on, your scores count." : "";
}

// Puts a picture on the stage once it is decoded; until then nothing can be submitted.
async function place(wanted, picture) {
  const isWanted = () => view.id === wanted.id && !isLeaving;
  const slow = setTimeout(() => isWanted() && stage.say("The picture is coming …"), SLOW_MS);
  try {
    const decoded = await picture;
    if (isWanted()) stage.show(decoded);
  } catch {
    if (isWanted()) stage.say("This picture could not be loaded. Please reload the page.");
  } finally {
    clearTimeout(slow);
  }
}

// To the page that the server wants; without a connection that would be the browser's own.
async function leave() {
  if (isLeaving) return;
  isLeaving = true;
  stage.clear();
  stage.say(MOMENT);
  while (!navigator.onLine) await pause(RETRY_MS);
  location.assign(home);
}

// --- what the server says ---

function onStored(receipt, answer) {
  answered.add(answer.presentation);
  bar.showTimeLeft(receipt.progress);
  const isSame = ([key, score]) => answer[`score_${key}`] === score;
  if (!receipt.is_new && !Object.entries(receipt.scores).every(isSame))
    panel.say("That picture had been rated already; the first answer counts.");
  if (receipt.next !== "rate" && queue.size === 0) leave();
  else if (answer.presentation === view.id) advance(); // answered before this page was loaded
  else deck.refill();
}

// The server offers the picture again, or says why it does not.
function onRefused(sentence) {
  keepNotice(sentence ?? "An answer could not be stored.");
  queue.whenEmpty().then(leave);
}

// --- going back ---

async function back() {
  if (!stage.isShowing) return;
  const from = view;
  await Promise.race([queue.whenEmpty(), pause(SAVING_PATIENCE_MS)]);
  const earlier = queue.size === 0 ? await findPrevious(from) : undefined;
  if (view !== from || isAdvancing || isLeaving) return;
  if (earlier === undefined) panel.say("You can go back once the connection is there again.");
  else if (earlier === null) panel.say("There is no earlier picture in this sitting.");
  else {
    if (from.revision === 0) deck.putBack(from);
    show(prepared(earlier));
  }
}

// The presentation rated before; null when there is none, undefined when nobody answers.
async function findPrevious({ id }) {
  try {
    const address = `${home}/previous?before=${id}`;
    const response = await fetch(address, { headers: { Accept: "application/json" } });
    if (response.ok) return await response.json();
    return response.status === 404 ? null : undefined;
  } catch {
    return undefined;
  }
}

function keep() {
  if (view.revision > 0) advance();
}
