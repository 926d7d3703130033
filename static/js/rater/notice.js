// A sentence that has to survive the way to the next page.

const KEY = "beholder/notice";

export function keepNotice(sentence) {
  try {
    sessionStorage.setItem(KEY, sentence);
  } catch {
    // Then the next page is silent about it.
  }
}

export function takeNotice() {
  try {
    const sentence = sessionStorage.getItem(KEY) ?? "";
    sessionStorage.removeItem(KEY);
    return sentence;
  } catch {
    return "";
  }
}
