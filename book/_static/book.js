/* Small helps for every page: tables a keyboard can scroll, sort and copy; commands to copy; levels of reading. */
(() => {
  "use strict";
  const MINUS = "\u2212";

  const make = (tag, properties = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  };

  /* Without the clipboard (pages opened from disk may lack it) a hidden field is copied. */
  const copy = async (text, button) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const field = make("textarea", { value: text });
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
    const before = button.textContent;
    button.textContent = "copied";
    setTimeout(() => { button.textContent = before; }, 1500);
  };

  const words = (cell) => cell.textContent.trim().replaceAll("\u00a0", " ");
  const value = (cell) => {
    const found = /^[+\u2212-]?[\d,]*\.?\d+/.exec(words(cell));
    return found ? Number(found[0].replaceAll(",", "").replace(MINUS, "-")) : NaN;
  };
  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const csv = (table) =>
    [...table.rows].map((row) => [...row.cells].map((c) => quoted(words(c))).join(",")).join("\n");

  const sort = (table, column, header) => {
    const down = header.getAttribute("aria-sort") === "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = [...table.tBodies[0].rows];
    const numbers = rows.some((row) => !Number.isNaN(value(row.cells[column])));
    const way = down ? -1 : 1;
    rows.sort((a, b) => {
      if (!numbers) return way * words(a.cells[column]).localeCompare(words(b.cells[column]));
      const [x, y] = [value(a.cells[column]), value(b.cells[column])];
      if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y); /* no number: last */
      return way * (x - y);
    });
    table.tBodies[0].append(...rows);
  };

  const sortable = (table) => {
    if (!table.tHead || table.tHead.rows.length !== 1 || table.tBodies[0].rows.length < 3) return;
    [...table.tHead.rows[0].cells].forEach((header, column) => {
      /* A head that is a link keeps it; the button then stands beside it, for no button may hold a link. */
      const led = header.querySelector("a");
      const button = make("button", { type: "button", className: "sorts", title: "sort" });
      if (led) {
        button.ariaLabel = `sort by ${words(header)}`;
        button.textContent = " \u21C5";
      } else button.append(...header.childNodes);
      button.addEventListener("click", () => sort(table, column, header));
      header.append(button);
    });
  };

  const region = (table) => {
    let around = table.closest(".scrolls");
    if (!around) {
      around = make("div", { className: "scrolls" });
      table.replaceWith(around);
      around.append(table);
    }
    around.tabIndex = 0;
    around.setAttribute("role", "region");
    if (!around.getAttribute("aria-label")) around.setAttribute("aria-label", "table");
    return around;
  };

  /* pandas writes the name of the index in a second header row: into the first, where it belongs. */
  const oneHeader = (table) => {
    const rows = table.tHead ? [...table.tHead.rows] : [];
    if (rows.length !== 2) return;
    [...rows[1].cells].forEach((cell, i) => {
      if (words(cell) && rows[0].cells[i] && !words(rows[0].cells[i])) rows[0].cells[i].textContent = cell.textContent;
    });
    if ([...rows[1].cells].every((c, i) => !words(c) || words(rows[0].cells[i]) === words(c))) rows[1].remove();
  };

  const tables = () => {
    for (const table of document.querySelectorAll("article table")) {
      if (table.closest(".highlight")) continue;
      oneHeader(table);
      const around = region(table);
      if (!table.closest(".cell_output") && !table.classList.contains("results")) continue;
      if (table.closest(".made") || table.classList.contains("strategies")) continue;
      sortable(table);
      const button = make("button", { type: "button" }, "copy as CSV");
      button.addEventListener("click", () => copy(csv(table), button));
      around.after(make("p", { className: "tools" }, button));
    }
  };

  const commands = () => {
    for (const block of document.querySelectorAll("pre.copies")) {
      const around = make("div", { className: "copied" });
      block.replaceWith(around);
      const button = make("button", { type: "button" }, "copy");
      button.addEventListener("click", () => copy(block.textContent, button));
      around.append(block, button);
    }
  };

  /* A formula wider than a phone scrolls; so must a keyboard. */
  const formulas = () => window.MathJax?.startup?.promise?.then(() => {
    for (const formula of document.querySelectorAll('mjx-container[display="true"]')) formula.tabIndex = 0;
  });
  window.addEventListener("load", formulas);

  const ready = () => { tables(); commands(); };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
