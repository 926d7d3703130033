// The pictures that come next, fetched and decoded before they are needed.

const TRIES = 6;
const PAUSE_MS = 1_500;

// A decoded picture, ready for the screen; rejects when it cannot be had.
export async function loadPicture(view, priority = "low") {
  for (let tries = 1; ; tries += 1) {
    const picture = new Image();
    picture.className = "picture";
    picture.alt = "The picture to rate";
    picture.fetchPriority = priority;
    picture.src = view.picture;
    try {
      await picture.decode();
      return picture;
    } catch (error) {
      if (tries === TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * tries));
    }
  }
}

export class Deck {
  #address;
  #isTaken;
  #entries = [];

  // `isTaken(id)` tells which presentations are on screen or answered already.
  constructor({ study, isTaken }) {
    this.#address = `/rate/${study}/upcoming`;
    this.#isTaken = isTaken;
  }

  // Asks the server what comes next; false when it could not be reached.
  async refill() {
    let views;
    try {
      const response = await fetch(this.#address, { headers: { Accept: "application/json" } });
      if (!response.ok) return false;
      views = await response.json();
    } catch {
      return false;
    }
    this.#entries = this.#entries.filter((entry) => !this.#isTaken(entry.view.id));
    for (const view of views) {
      if (!this.#isTaken(view.id) && !this.#holds(view.id)) this.#entries.push(prepared(view));
    }
    return true;
  }

  // The next presentation and the promise of its picture, or undefined.
  take() {
    return this.#entries.shift();
  }

  putBack(view) {
    if (!this.#holds(view.id)) this.#entries.unshift(prepared(view));
  }

  #holds(id) {
    return this.#entries.some((entry) => entry.view.id === id);
  }
}

export function prepared(view) {
  const picture = loadPicture(view);
  picture.catch(() => {}); // Whoever shows it will say so.
  return { view, picture };
}
