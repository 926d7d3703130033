// Waits for an evaluation of metrics; when it has ended, the page shows what came of it.

const LOOK_EVERY_MS = 1000;
const notice = document.querySelector("[data-evaluating]");

if (notice) look();

async function look() {
  try {
    const answer = await fetch(notice.dataset.evaluating, {
      headers: { accept: "application/json" },
    });
    if (answer.ok && !(await answer.json()).evaluating) return location.reload();
    if (answer.status === 401 || answer.status === 404) return location.reload();
  } catch {
    // The server is away for a moment; the evaluation is taken up again when it is back.
  }
  setTimeout(look, LOOK_EVERY_MS);
}
