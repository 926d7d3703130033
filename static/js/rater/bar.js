// The bar above the picture: how far, how long still, whether answers are saved, the magnifier.

const SAVING_SHOWN_AFTER_MS = 800;

export class Bar {
  #page;
  #totals;
  #saving = 0;
  #state = "";

  constructor(page) {
    this.#page = page;
    const { trainingTotal, mainTotal } = page.dataset;
    this.#totals = { training: Number(trainingTotal), main: Number(mainTotal) };
    this.#part("magnify").hidden = false;
    closeOnEscape(page.querySelector(".menu"));
  }

  on({ magnify }) {
    this.#part("magnify").addEventListener("click", magnify);
  }

  showPlace({ phase, position, prompt }) {
    const isTraining = phase === "training";
    const number = isTraining ? position : position - this.#totals.training;
    const place = `${isTraining ? "Practice" : "Picture"} ${number} of ${this.#totals[phase]}`;
    this.#part("place").textContent = place;
    this.#part("progress").max = this.#totals[phase];
    this.#part("progress").value = number - 1;
    if (isTraining) this.#part("note").textContent = "not counted";
    else if (number === 1) this.#part("note").textContent = "";
    this.#announce(`${place}. The text: ${prompt}`);
  }

  showTimeLeft({ phase, seconds_left: seconds }) {
    if (phase !== "main" || seconds === null) return;
    this.#part("note").textContent = `about ${Math.max(1, Math.round(seconds / 60))} min left`;
  }

  showFit({ percent, isMagnified }) {
    this.#part("magnify-text").textContent = `${percent} %`;
    this.#part("magnify").setAttribute("aria-pressed", isMagnified);
    this.#part("magnify-label").textContent = isMagnified ? "Show whole, now at" : "Magnify, now at";
  }

  // Most answers are saved before anybody could read “Saving”, so it is said late.
  showQueue({ state, size }) {
    clearTimeout(this.#saving);
    if (state === "sending" && this.#state !== "offline" && this.#state !== "waiting") {
      this.#saving = setTimeout(() => this.#saved("Saving …", state), SAVING_SHOWN_AFTER_MS);
    } else if (state === "saved") this.#saved("Saved", state);
    else if (state === "offline") this.#saved(`Offline · ${size} kept here`, state);
    else if (state === "waiting") this.#saved(`Not sent · ${size} kept here`, state);
  }

  #saved(text, state) {
    const isTrouble = state === "offline" || state === "waiting";
    if (isTrouble && this.#state !== state)
      this.#announce(`${text}. Please go on; answers are sent as soon as that is possible.`);
    this.#state = state;
    this.#part("saved").textContent = text;
    this.#part("saved").dataset.state = state;
  }

  #announce(text) {
    this.#part("announcement").textContent = text;
  }

  #part(name) {
    return this.#page.querySelector(`[data-${name}]`);
  }
}

// A menu also closes by Escape and by a press elsewhere.
function closeOnEscape(menu) {
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  document.addEventListener("pointerdown", (event) => {
    if (!menu.contains(event.target)) menu.open = false;
  });
}
