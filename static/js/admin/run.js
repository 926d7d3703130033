// Watches an analysis that is under way; when it has ended, the page shows what became of it.

const LOOK_EVERY_MS = 700;
const watched = document.querySelector("[data-run]");

if (watched) look();

async function look() {
  try {
    const answer = await fetch(`${watched.dataset.run}/state.json`, {
      headers: { accept: "application/json" },
    });
    if (answer.status === 404 || answer.status === 401) return location.reload();
    if (answer.ok) {
      const run = await answer.json();
      if (run.state === "done" || run.state === "failed") return location.reload();
      show(run);
    }
  } catch {
    // The server is away for a moment; the analysis is taken up again when it is back.
  }
  setTimeout(look, LOOK_EVERY_MS);
}

function show(run) {
  const words = watched.querySelector("[data-words]");
  if (words.textContent !== run.words) words.textContent = run.words;
  const bar = watched.querySelector("progress");
  bar.max = run.of || 1;
  bar.value = run.done;
  watched.querySelector("[data-figure]").textContent = `${run.done} of ${run.of || "–"}`;
}
