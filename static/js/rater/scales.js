// The scales.  A line is marked by pointer or keyboard and starts without a mark; choices are the
// form's own radio buttons.  Both offer the same few verbs to the page.

export function createScale(element, onChange) {
  return element.dataset.kind === "line"
    ? new LineScale(element, onChange)
    : new ChoiceScale(element, onChange);
}

class LineScale {
  #field;
  #line;
  #rail;
  #onChange;

  constructor(element, onChange) {
    const { scale, low, high, step, decimals } = element.dataset;
    Object.assign(this, { element, key: scale, low: +low, high: +high, step: +step });
    this.decimals = +decimals;
    this.name = element.querySelector(".scale-name").textContent;
    this.#field = element.querySelector("input");
    this.#line = element.querySelector("[data-line]");
    this.#rail = element.querySelector(".line-rail");
    this.words = [...element.querySelectorAll(".line-words span")].map((word) => word.textContent);
    this.#onChange = onChange;
    this.#becomeSlider();
    this.#draw();
  }

  get value() {
    return this.#field.value;
  }

  set(score) {
    const steps = Math.round((Number(score) - this.low) / this.step);
    const most = Math.round((this.high - this.low) / this.step);
    const level = Math.max(0, Math.min(most, steps));
    this.#field.value = (this.low + level * this.step).toFixed(this.decimals);
    this.#draw();
    this.#onChange(this);
  }

  clear() {
    this.#field.value = "";
    this.#draw();
  }

  focus() {
    this.#line.focus({ preventScroll: true });
  }

  #becomeSlider() {
    this.#field.readOnly = true;
    this.#field.tabIndex = -1;
    this.#field.setAttribute("aria-hidden", "true");
    const attributes = {
      role: "slider",
      tabindex: "0",
      "aria-labelledby": `name-${this.key}`,
      "aria-describedby": this.#field.getAttribute("aria-describedby"),
      "aria-valuemin": this.low,
      "aria-valuemax": this.high,
    };
    for (const [name, value] of Object.entries(attributes)) this.#line.setAttribute(name, value);
    this.#line.addEventListener("keydown", (event) => this.#onKey(event));
    this.#line.addEventListener("pointerdown", (event) => this.#onPress(event));
    this.#line.addEventListener("pointermove", (event) => {
      if (this.#line.hasPointerCapture(event.pointerId)) this.#markAt(event.clientX);
    });
  }

  #onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = {
      ArrowRight: this.step,
      ArrowUp: this.step,
      ArrowLeft: -this.step,
      ArrowDown: -this.step,
      PageUp: this.step * 5,
      PageDown: -this.step * 5,
    };
    const ends = { Home: this.low, End: this.high };
    if (event.key in moves) this.#nudge(moves[event.key]);
    else if (event.key in ends) this.set(ends[event.key]);
    else return;
    event.preventDefault();
  }

  // On an untouched scale the first arrow puts the mark in the middle.
  #nudge(distance) {
    const middle = (this.low + this.high) / 2;
    this.set(this.value === "" ? middle : Number(this.value) + distance);
  }

  #onPress(event) {
    if (event.button !== 0) return;
    this.#line.setPointerCapture(event.pointerId);
    this.focus();
    this.#markAt(event.clientX);
    event.preventDefault();
  }

  #markAt(x) {
    const box = this.#rail.getBoundingClientRect();
    this.set(this.low + ((x - box.left) / box.width) * (this.high - this.low));
  }

  #draw() {
    const isMarked = this.value !== "" && Number.isFinite(Number(this.value));
    const share = isMarked ? (Number(this.value) - this.low) / (this.high - this.low) : 0;
    this.#line.classList.toggle("is-marked", isMarked);
    this.#line.style.setProperty("--at", `${(share * 100).toFixed(2)}%`);
    // A slider must have a number; the text, which is what is read out, says that it has none.
    this.#line.setAttribute("aria-valuenow", isMarked ? this.value : this.low);
    this.#line.setAttribute("aria-valuetext", isMarked ? this.#spoken(share) : "not rated yet");
  }

  #spoken(share) {
    const index = Math.min(this.words.length - 1, Math.floor(share * this.words.length));
    return this.words.length ? `${this.value}, ${this.words[index]}` : this.value;
  }
}

class ChoiceScale {
  #choices;

  constructor(element, onChange) {
    this.element = element;
    this.key = element.dataset.scale;
    this.name = element.querySelector(".scale-name").textContent;
    this.#choices = [...element.querySelectorAll("input")];
    element.addEventListener("change", () => onChange(this));
    this.onChange = onChange;
  }

  get value() {
    return this.#choices.find((choice) => choice.checked)?.value ?? "";
  }

  set(score) {
    const choice = this.#choices.find((choice) => choice.value === String(score));
    if (!choice) return;
    choice.checked = true;
    this.onChange(this);
  }

  clear() {
    for (const choice of this.#choices) choice.checked = false;
  }

  focus() {
    const choice = this.#choices.find((choice) => choice.checked) ?? this.#choices[0];
    choice.focus({ preventScroll: true });
  }
}
