// The pages around rating: instructions, break, thanks.  They measure the window, count a break
// down, and send answers that a lost connection has left behind.

import { fillForms } from "./environment.js";
import { keepNotice, takeNotice } from "./notice.js";
import { AnswerQueue } from "./queue.js";
import { nameKeys } from "./shortcuts.js";

fillForms();
nameKeys(document);
tell(takeNotice());
sendLeftovers(document.querySelector("[data-study]").dataset);
for (const countdown of document.querySelectorAll("[data-countdown]")) countDown(countdown);

function sendLeftovers({ study, csrf }) {
  const queue = new AnswerQueue({
    study,
    token: csrf,
    on: { stored() {}, refused: keepNotice, stale() {}, changed() {} },
  });
  if (queue.size === 0) return;
  queue.whenEmpty().then(() => location.reload());
  queue.flush();
}

function tell(sentence) {
  if (!sentence) return;
  const notice = document.createElement("p");
  notice.className = "notice warn";
  notice.role = "alert";
  notice.textContent = sentence;
  document.querySelector("main h1").after(notice);
}

function countDown(countdown) {
  const time = countdown.querySelector("[data-time]");
  const end = performance.now() + Number(countdown.dataset.countdown) * 1000;
  const timer = setInterval(tick, 250);

  function tick() {
    const left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
    const text = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    if (time.textContent !== text) time.textContent = text;
    if (left === 0) finish();
  }

  function finish() {
    clearInterval(timer);
    countdown.hidden = true;
    const form = document.querySelector("[data-go-on]");
    form.hidden = false;
    form.querySelector("button").focus();
    document.querySelector("[data-status]").textContent = "The break is over. You can go on.";
  }
}
