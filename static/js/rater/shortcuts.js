// Single keys, by their place on the keyboard, so that they work with any layout.

const SETTING = "beholder/shortcuts";
const BACK_KEY = "KeyZ";
const MAGNIFY_KEY = "KeyM";

// Listens for keys; `actions` holds rate(key, score), submit(), back() and magnify().
export function listenForKeys({ page, points, actions }) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isTyping(event.target) || isInMenu(event.target)) return;
    const action = actionOf(event, points, actions, page.classList.contains("has-shortcuts"));
    if (!action) return;
    event.preventDefault();
    if (!event.repeat) action();
  });
}

function actionOf(event, points, actions, hasShortcuts) {
  if (event.key === "Enter") return isOperable(event.target) ? null : actions.submit;
  if (event.key === "Escape") return actions.keep;
  if (!hasShortcuts) return null;
  if (event.key === "Backspace") return actions.back;
  const code = /^[0-9]$/.test(event.key) ? event.code.replace("Numpad", "Digit") : event.code;
  const point = points.get(code);
  if (point) return () => actions.rate(point.key, point.score);
  return { [BACK_KEY]: actions.back, [MAGNIFY_KEY]: actions.magnify }[code] ?? null;
}

// Which key chooses which score, as the page shows it.
export function pointsOf(page) {
  const points = new Map();
  for (const cap of page.querySelectorAll("kbd[data-score]")) {
    const key = cap.closest("[data-scale]").dataset.scale;
    points.set(cap.dataset.code, { key, score: cap.dataset.score });
  }
  return points;
}

function isTyping(target) {
  return target.matches("textarea, select, input:not([type=radio], [type=checkbox], [readonly])");
}

function isInMenu(target) {
  return target.closest("details[open]") !== null;
}

function isOperable(target) {
  return target.matches("a, button, summary");
}

// Names the keys as the rater's own keyboard has them, where the browser tells.
export async function nameKeys(root) {
  const layout = await navigator.keyboard?.getLayoutMap?.().catch(() => null);
  if (!layout) return;
  for (const cap of root.querySelectorAll("kbd[data-code]:not([data-code^=Digit])")) {
    cap.textContent = layout.get(cap.dataset.code)?.toUpperCase() ?? cap.textContent;
  }
}

// Lets single keys be switched off, for people who speak to their computer (WCAG 2.1.4).
export function offerSwitch(page) {
  const label = page.querySelector("[data-shortcuts]");
  const box = label.querySelector("input");
  const apply = () => page.classList.toggle("has-shortcuts", box.checked);
  label.hidden = false;
  box.checked = remembered() !== "off";
  box.addEventListener("change", () => {
    apply();
    remember(box.checked ? "on" : "off");
  });
  apply();
}

function remembered() {
  try {
    return localStorage.getItem(SETTING);
  } catch {
    return null;
  }
}

function remember(value) {
  try {
    localStorage.setItem(SETTING, value);
  } catch {
    // Then it holds for this page.
  }
}
