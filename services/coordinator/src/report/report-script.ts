/**
 * The report's own script, the only one that its policy runs: tables are sorted by a click, or a key, on the head of a
 * column, what is folded in a large report is drawn when it is unfolded, and each section can be printed alone. Without it
 * the page is the same but for that.
 */
export const REPORT_SCRIPT = `
const sortTables = (root) => {
  for (const table of root.querySelectorAll('table')) {
    const body = table.tBodies[0];
    if (!table.tHead || body.rows.length < 2) continue;
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement('button');
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener('click', () => sortBy(table, column));
    });
  }
};
const sortBy = (table, column) => {
  const body = table.tBodies[0];
  const head = table.tHead.rows[0].cells[column];
  const isUp = head.getAttribute('aria-sort') !== 'ascending';
  for (const cell of table.tHead.rows[0].cells) cell.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', isUp ? 'ascending' : 'descending');
  const keyOf = (row) => {
    const text = row.cells[column].textContent.trim();
    const number = /^[$h\\u2212-]?[0-9]/.test(text) ? parseFloat(text.replace(/[$,h]/g, '').replace('\\u2212', '-')) : NaN;
    return { text, number };
  };
  const rows = [...body.rows].map((row) => ({ row, ...keyOf(row) }));
  rows.sort((a, b) => {
    const isEach = !Number.isNaN(a.number) && !Number.isNaN(b.number);
    const order = isEach ? a.number - b.number : a.text.localeCompare(b.text, 'en', { numeric: true });
    return isUp ? order : -order;
  });
  body.append(...rows.map(({ row }) => row));
};
const drawFolded = (details) => {
  const folded = details.querySelector(':scope > noscript');
  if (!folded) return;
  const drawn = document.createElement('div');
  drawn.innerHTML = folded.textContent;
  folded.replaceWith(drawn);
  sortTables(drawn);
};
const sections = () => {
  let heading = null;
  return [...document.querySelector('main').children].map((part) => {
    heading = (part.matches('h2') ? part : part.querySelector('h2')) ?? heading;
    return { part, heading };
  });
};
const printAlone = (chosen) => {
  for (const { part, heading } of sections()) {
    part.toggleAttribute('data-unprinted', heading !== chosen);
    if (heading === chosen) part.querySelectorAll('details').forEach(drawFolded);
  }
  print();
};
for (const heading of document.querySelectorAll('main h2')) {
  const button = document.createElement('button');
  button.className = 'print';
  button.textContent = 'Print';
  button.setAttribute('aria-label', 'Print only: ' + heading.textContent);
  button.addEventListener('click', () => printAlone(heading));
  heading.after(button);
}
addEventListener('afterprint', () => sections().forEach(({ part }) => part.removeAttribute('data-unprinted')));
sortTables(document);
addEventListener('toggle', ({ target }) => target.open && drawFolded(target), true);
`;
