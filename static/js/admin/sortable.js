// Tables that are whole on their page can be sorted in place, by any column, by mouse or keyboard.

for (const table of document.querySelectorAll("table[data-sortable]")) {
  for (const [column, head] of [...table.tHead.rows[0].cells].entries()) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sortBy(table, column));
    head.append(button);
  }
}

function sortBy(table, column) {
  const head = table.tHead.rows[0].cells[column];
  // Numbers start with the largest, words with the first.
  const isNumeric = head.classList.contains("num");
  const was = head.getAttribute("aria-sort");
  const isDescending = was ? was === "ascending" : isNumeric;
  const compare = isNumeric ? byNumber : byWord;
  const sign = isDescending ? -1 : 1;
  const rows = [...table.tBodies[0].rows];
  rows.sort((a, b) => {
    const [one, other] = [valueOf(a.cells[column]), valueOf(b.cells[column])];
    if (one === "" || other === "") return (one === "") - (other === "");
    return sign * compare(one, other);
  });
  table.tBodies[0].append(...rows);
  for (const cell of table.tHead.rows[0].cells) cell.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", isDescending ? "descending" : "ascending");
}

function valueOf(cell) {
  return cell.dataset.value ?? cell.textContent.trim();
}

function byNumber(a, b) {
  return Number(a) - Number(b);
}

function byWord(a, b) {
  return a.localeCompare(b);
}
