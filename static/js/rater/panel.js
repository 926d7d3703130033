// The panel beside the picture: the text, the scales, and one line for what there is to say.

import { createScale } from "./scales.js";

export class Panel {
  #page;
  #form;
  #scales;

  constructor(page) {
    this.#page = page;
    this.#form = page.querySelector("[data-panel]");
    this.#form.noValidate = true;
    this.#scales = [...this.#form.querySelectorAll("[data-scale]")].map((element) =>
      createScale(element, () => this.#onChange()),
    );
    this.#onChange();
  }

  on({ submit, back, keep }) {
    const listen = (element, type, action) =>
      element.addEventListener(type, (event) => {
        event.preventDefault();
        action();
      });
    listen(this.#form, "submit", submit);
    listen(this.#part("back"), "click", back);
    listen(this.#part("keep"), "click", keep);
  }

  // The presentation that the server has drawn into the page.
  get view() {
    const { presentation, revision } = this.#form.elements;
    const { position, phase, picture } = presentation.dataset;
    return {
      id: presentation.value,
      revision: Number(revision.value) - 1,
      position: Number(position),
      phase,
      picture,
      prompt: this.#part("prompt").textContent,
      language: this.#part("prompt").lang,
      scores: {},
    };
  }

  fill({ id, revision, scores, prompt, language }) {
    this.#form.elements.presentation.value = id;
    this.#form.elements.revision.value = revision + 1;
    this.#part("prompt").textContent = prompt;
    this.#part("prompt").lang = language;
    this.#part("prompt").scrollTop = 0;
    this.#part("back").search = `?before=${id}`;
    this.#part("keep").hidden = revision === 0;
    this.#part("submit-text").textContent = revision > 0 ? "Save correction" : "Next picture";
    this.#clearScales();
    for (const scale of this.#scales) if (scale.key in scores) scale.set(scores[scale.key]);
  }

  empty() {
    this.#part("prompt").textContent = "";
    this.#clearScales();
  }

  rate(key, score) {
    const scale = this.#scales.find((scale) => scale.key === key);
    scale.set(score);
    scale.focus();
  }

  // The first scale, unless the rater is somewhere else on the page on purpose.
  focus() {
    const place = document.activeElement;
    if (place === document.body || this.#form.contains(place)) this.#scales[0].focus();
  }

  get missing() {
    return this.#scales.filter((scale) => scale.value === "");
  }

  get scores() {
    return Object.fromEntries(this.#scales.map((scale) => [`score_${scale.key}`, scale.value]));
  }

  askForMissing() {
    const names = this.missing.map((scale) => scale.name.toLowerCase()).join(" and ");
    this.say(`Please also rate ${names}.`, { isProblem: true });
    this.missing[0].focus();
  }

  get message() {
    return this.#part("message").textContent;
  }

  get hasProblem() {
    return this.#part("message").classList.contains("problem");
  }

  say(sentence, { isProblem = false } = {}) {
    this.#part("message").textContent = sentence;
    this.#part("message").classList.toggle("problem", isProblem);
  }

  #clearScales() {
    for (const scale of this.#scales) scale.clear();
    this.#onChange();
  }

  // A request for what is missing has done its work once the scale is touched.
  #onChange() {
    this.#page.classList.toggle("is-complete", this.missing.length === 0);
    if (this.hasProblem) this.say("");
  }

  #part(name) {
    return this.#form.querySelector(`[data-${name}]`);
  }
}
