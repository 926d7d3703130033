// The place of the picture: true device pixels where it fits, whole and smaller where it does
// not, never larger unless the rater magnifies it.  Also the clock of how long it was looked at.

export class Stage {
  #element;
  #message;
  #picture = null;
  #onFit;
  #magnification = 0;
  #looked = new Stopwatch();

  constructor(element, { onFit }) {
    this.#element = element;
    this.#message = element.querySelector("[data-stage-message]");
    this.#onFit = onFit;
    new ResizeObserver(() => this.#fit()).observe(element);
    window.addEventListener("resize", () => this.#fit());
  }

  on({ magnify }) {
    this.#element.addEventListener("click", (event) => {
      if (event.target === this.#picture) magnify(event);
    });
  }

  // Puts a decoded picture in place; the clock starts with the frame that shows it.
  show(picture) {
    this.clear();
    this.#picture = picture;
    this.#element.classList.add("is-measured");
    this.#element.prepend(picture);
    this.#fit();
    requestAnimationFrame(() => this.#looked.start());
  }

  clear() {
    this.#element.querySelector("picture, .picture")?.remove();
    this.#picture = null;
    this.#magnification = 0;
    this.#looked.reset();
    this.say("");
  }

  // A word in place of the picture; never over it.
  say(sentence) {
    const isFree = this.#element.querySelector(".picture") === null;
    this.#message.textContent = isFree ? sentence : "";
    this.#message.hidden = this.#message.textContent === "";
  }

  get isShowing() {
    return this.#picture !== null;
  }

  get dwellMs() {
    return this.#looked.elapsedMs;
  }

  // Size of the whole picture on the screen, in device pixels.
  get shownPx() {
    const { naturalWidth, naturalHeight } = this.#picture;
    const scale = this.#scaleToFit();
    return [Math.round(naturalWidth * scale), Math.round(naturalHeight * scale)];
  }

  // Magnifies to true pixels, or to twice that when these are shown already; and back.
  toggleMagnified(event) {
    if (!this.#picture) return;
    const point = this.#pointWithin(event);
    const whole = this.#scaleToFit();
    this.#magnification = this.#magnification ? 0 : whole < 1 ? 1 : 2;
    this.#fit();
    const { scrollWidth, scrollHeight, clientWidth, clientHeight } = this.#element;
    this.#element.scrollTo(
      point.x * scrollWidth - clientWidth / 2,
      point.y * scrollHeight - clientHeight / 2,
    );
  }

  // Where on the picture the event happened, from 0 to 1; the middle for a key.
  #pointWithin(event) {
    if (event?.target !== this.#picture) return { x: 0.5, y: 0.5 };
    const box = this.#picture.getBoundingClientRect();
    return {
      x: (event.clientX - box.left) / box.width,
      y: (event.clientY - box.top) / box.height,
    };
  }

  #scaleToFit() {
    const { clientWidth, clientHeight } = this.#element;
    const { naturalWidth, naturalHeight } = this.#picture;
    const ratio = window.devicePixelRatio;
    return Math.min(1, (clientWidth * ratio) / naturalWidth, (clientHeight * ratio) / naturalHeight);
  }

  #fit() {
    const picture = this.#picture;
    if (!picture) return;
    this.#element.classList.toggle("is-magnified", this.#magnification > 0);
    const ratio = window.devicePixelRatio;
    const scale = this.#magnification || this.#scaleToFit();
    const width = Math.round(picture.naturalWidth * scale);
    const height = Math.round(picture.naturalHeight * scale);
    const room = this.#element.getBoundingClientRect();
    picture.style.width = `${width / ratio}px`;
    picture.style.height = `${height / ratio}px`;
    picture.style.left = `${centred(room.left, room.width, width, ratio)}px`;
    picture.style.top = `${centred(room.top, room.height, height, ratio)}px`;
    this.#onFit({ percent: Math.round(scale * 100), isMagnified: this.#magnification > 0 });
  }
}

// The offset that centres a picture and lets its pixels fall on the screen's own.
function centred(start, length, size, ratio) {
  const free = Math.max(0, length * ratio - size) / 2;
  return (Math.round(start * ratio + free) - start * ratio) / ratio;
}

// Counts only while the page is visible.
class Stopwatch {
  #counted = 0;
  #since = null;
  #isRunning = false;

  constructor() {
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#halt();
      else if (this.#isRunning) this.#since = performance.now();
    });
  }

  reset() {
    this.#counted = 0;
    this.#since = null;
    this.#isRunning = false;
  }

  start() {
    this.#isRunning = true;
    this.#since = document.hidden ? null : performance.now();
  }

  get elapsedMs() {
    const running = this.#since === null ? 0 : performance.now() - this.#since;
    return Math.round(this.#counted + running);
  }

  #halt() {
    this.#counted = this.elapsedMs;
    this.#since = null;
  }
}
