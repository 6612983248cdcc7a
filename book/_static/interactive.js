/* Elements to try. Every number of a result stands in the page as text; only the reader's own order of patients is
   worked out here. Nothing is fetched, so it works from disk. */
(() => {
  "use strict";
  const STILL = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const KEEP = "who-to-treat";
  let count = 0;

  const make = (tag, properties = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(properties)) {
      if (name in node && name !== "list") node[name] = value;
      else node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
  };
  const svg = (tag, attributes = {}, ...children) => {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const shown = (value, digits = 2) => {
    const rounded = Number(value.toFixed(digits)) || 0;
    return rounded.toFixed(digits).replace("-", "\u2212");
  };
  const stored = () => {
    try { return JSON.parse(localStorage.getItem(KEEP)) || {}; } catch { return {}; }
  };
  const store = (key, value) => {
    try { localStorage.setItem(KEEP, JSON.stringify({ ...stored(), [key]: value })); } catch { /* private pages */ }
  };

  /* Controls: each has a name, positions [key, words] and says when it moved. */
  const slider = (control, moved) => {
    const keys = control.positions.map(([key]) => key);
    const id = `try-${(count += 1)}`;
    const range = make("input", { type: "range", id, min: 0, max: keys.length - 1, step: 1 });
    range.value = keys.indexOf(control.start);
    const words = make("output", { htmlFor: id });
    const told = () => {
      words.textContent = control.positions[range.value][1];
      range.setAttribute("aria-valuetext", words.textContent);
    };
    range.addEventListener("input", () => { told(); moved(); });
    told();
    const label = make("label", { htmlFor: id }, `${control.name}: `);
    return { node: make("div", { className: "control" }, label, words, range), key: () => keys[range.value] };
  };
  const choice = (control, moved) => {
    const group = `try-${(count += 1)}`;
    const set = make("fieldset", { className: "control" }, make("legend", {}, control.name));
    for (const [key, words] of control.positions) {
      const radio = make("input", { type: "radio", name: group, value: key, checked: key === control.start });
      radio.addEventListener("change", moved);
      set.append(make("label", {}, radio, ` ${words}`));
    }
    return { node: set, key: () => set.querySelector("input:checked").value };
  };
  const toggle = (control, moved) => {
    const box = make("input", { type: "checkbox", checked: control.start === "on" });
    box.addEventListener("change", moved);
    const node = make("div", { className: "control" }, make("label", {}, box, ` ${control.name}`));
    return { node, key: () => (box.checked ? "on" : "off") };
  };
  const CONTROLS = { slider, choice, switch: toggle };

  const cloud = (points) => {
    const [W, H, P] = [420, 260, 34];
    const ends = (i) => [Math.min(...points.map((p) => p[i])), Math.max(...points.map((p) => p[i]))];
    const [[x0, x1], [y0, y1]] = [ends(0), ends(1)];
    const x = (v) => P + ((v - x0) / (x1 - x0 || 1)) * (W - P - 8);
    const y = (v) => H - P - ((v - y0) / (y1 - y0 || 1)) * (H - P - 8);
    const dot = ([a, b, mark]) => {
      const colour = ["currentColor", "#d55e00", "#2a78c2", "#009e73"][mark];
      const at = { fill: mark ? colour : "none", stroke: colour, "stroke-opacity": mark ? 1 : 0.45 };
      if (mark === 1) return svg("rect", { x: x(a) - 3, y: y(b) - 3, width: 6, height: 6, ...at });
      if (mark === 2) return svg("path", { d: `M${x(a)} ${y(b) - 4}l4 7h-8z`, ...at });
      return svg("circle", { cx: x(a), cy: y(b), r: mark ? 4 : 2.5, ...at });
    };
    const text = (words, at) => svg("text", { fill: "currentColor", "font-size": 12, ...at }, words);
    const axes = svg("path", { d: `M${P} 8V${H - P}H${W - 8}`, fill: "none", stroke: "currentColor" });
    const names = [text("risk \u2192", { x: W - 60, y: H - 12 }),
      text("benefit \u2192", { transform: `rotate(-90 14 80)`, x: 14, y: 80 })];
    const words = "Cloud of patients: risk to the right, benefit upwards; marked are those picked.";
    return svg("svg", { viewBox: `0 0 ${W} ${H}`, width: W, role: "img", "aria-label": words },
      axes, ...names, ...points.filter((p) => !p[2]).map(dot), ...points.filter((p) => p[2]).map(dot));
  };
  const LEGEND = [["#d55e00", "\u25A0", "picked by risk"], ["#2a78c2", "\u25B2", "picked by benefit"],
    ["#009e73", "\u25CF", "picked by both"]];
  const legend = () => make("p", { className: "key" },
    ...LEGEND.map(([colour, sign, words]) =>
      make("span", {}, make("span", { style: `color:${colour}`, ariaHidden: "true" }, sign), ` ${words} `)));

  const bar = (row) => {
    const line = make("div", { className: "line" }, make("span", { className: "name" }, row.name));
    if (row.size !== null) {
      const fill = make("span", { className: "fill" });
      fill.style.width = `${100 * row.size}%`;
      fill.style.background = row.colour || "currentColor";
      if (STILL) fill.style.transition = "none";
      line.append(make("span", { className: "bar", ariaHidden: "true" }, fill));
    }
    line.append(make("span", { className: "text" }, row.text));
    return line;
  };
  const states = (section, data, stage) => {
    const rows = make("div", { className: "rows" });
    const said = make("p", { className: "said", "aria-live": "polite" });
    const picture = make("div", { className: "picture" });
    const controls = data.controls.map((control) => CONTROLS[control.kind](control, () => move()));
    const move = () => {
      const state = data.states[controls.map((c) => c.key()).join("|")];
      rows.replaceChildren(...(state.rows || []).map(bar));
      said.innerHTML = state.said; /* made and escaped by the library */
      picture.replaceChildren(...(state.points ? [cloud(state.points), legend()] : []));
    };
    stage.append(...controls.map((c) => c.node), picture, rows, said);
    move();
  };

  /* Sorting patients: TOC is the mean effect among the first k less the mean effect of all, AUTOC its mean over k. */
  const toc = (effects) => {
    const mean = effects.reduce((a, b) => a + b, 0) / effects.length;
    let sum = 0;
    return effects.map((effect, i) => (sum += effect) / (i + 1) - mean);
  };
  const autoc = (effects) => toc(effects).reduce((a, b) => a + b, 0) / effects.length;
  const steps = (mine, best) => {
    const [W, H, P] = [420, 200, 30];
    const all = [...mine, ...best, 0];
    const [y0, y1] = [Math.min(...all), Math.max(...all)];
    const x = (i) => P + (i / (mine.length - 1)) * (W - P - 10);
    const y = (v) => 10 + ((y1 - v) / (y1 - y0 || 1)) * (H - 40);
    const line = (values, style) =>
      svg("polyline", { points: values.map((v, i) => `${x(i)},${y(v)}`).join(" "), fill: "none", ...style });
    const words = "TOC over the number treated: your order, and the best one dashed.";
    return svg("svg", { viewBox: `0 0 ${W} ${H}`, width: W, role: "img", "aria-label": words },
      svg("path", { d: `M${P} ${y(0)}H${W - 8}`, stroke: "currentColor", "stroke-opacity": 0.4 }),
      line(best, { stroke: "#7f7f7f", "stroke-dasharray": "5 3", "stroke-width": 2 }),
      line(mine, { stroke: "#2a78c2", "stroke-width": 2.5 }),
      svg("text", { x: P, y: H - 4, fill: "currentColor", "font-size": 12 }, "first treated \u2192 all treated"));
  };
  const sort = (section, data, stage) => {
    const list = make("ol", { className: "patients" });
    const said = make("p", { className: "said", "aria-live": "polite" });
    const picture = make("div", { className: "picture" });
    const entries = data.patients.map(([who, effect]) => {
      const entry = make("li", {}, make("span", { className: "who" }, who));
      const move = (way) => {
        const other = way < 0 ? entry.previousElementSibling : entry.nextElementSibling;
        if (!other) return;
        if (way < 0) other.before(entry); else other.after(entry);
        const place = [...list.children].indexOf(entry) + 1;
        said.textContent = `${who}: now number ${place}.`;
        entry.querySelector(way < 0 ? ".up" : ".down").focus();
      };
      for (const [className, sign, way, words] of [["up", "\u25B2", -1, "earlier"], ["down", "\u25BC", 1, "later"]]) {
        const button = make("button", { type: "button", className, "aria-label": `${who}: treat ${words}` }, sign);
        button.addEventListener("click", () => move(way));
        entry.append(button);
      }
      entry.effect = effect;
      return entry;
    });
    list.append(...entries);
    const judge = make("button", { type: "button", className: "judge" }, "Show what this order is worth");
    judge.addEventListener("click", () => {
      const mine = [...list.children].map((entry) => entry.effect);
      const best = [...mine].sort((a, b) => a - b);
      for (const entry of list.children) {
        entry.querySelector(".effect")?.remove();
        entry.append(make("span", { className: "effect" }, ` effect ${shown(entry.effect)}`));
      }
      picture.replaceChildren(steps(toc(mine), toc(best)));
      const ratio = autoc(best) ? Math.round((100 * autoc(mine)) / autoc(best)) : 0;
      said.textContent = `AUTOC of your order: ${shown(autoc(mine))}; of the best order: ${shown(autoc(best))}; ` +
        `of a lottery: ${shown(0)}. You reach ${shown(ratio, 0)}% of the best.`;
    });
    stage.append(list, judge, said, picture);
  };

  const notes = (section, data, stage) => {
    const found = section.querySelector(".found");
    for (const mark of section.querySelectorAll("mark[data-found]")) {
      const tell = () => { found.textContent = mark.dataset.found; };
      for (const event of ["mouseenter", "focus", "click"]) mark.addEventListener(event, tell);
    }
    if (data.styles.length < 2) return;
    const positions = data.styles.map((style) => [style, style]);
    const control = choice({ name: "Style of the note", positions, start: data.styles[0] }, () => {
      for (const note of section.querySelectorAll(".note")) note.hidden = note.dataset.style !== control.key();
    });
    stage.append(control.node);
  };

  const check = (section, data, stage) => {
    const hidden = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(data.packed), (c) => c.charCodeAt(0))));
    const said = make("p", { className: "said", "aria-live": "polite" });
    const form = make("form", { className: "control" });
    let given;
    if (data.choices.length) {
      const group = `try-${(count += 1)}`;
      const set = make("fieldset", {}, make("legend", {}, "Your choice"));
      for (const [key, words] of data.choices) {
        const label = make("label", {}, make("input", { type: "radio", name: group, value: key }), ` ${key}) `);
        label.insertAdjacentHTML("beforeend", words); /* escaped by the library */
        set.append(label);
      }
      form.append(set);
      given = () => form.querySelector("input:checked")?.value;
    } else {
      const id = `try-${(count += 1)}`;
      const field = make("input", { type: "text", id, inputMode: "decimal", autocomplete: "off", size: 10 });
      form.append(make("label", { htmlFor: id }, "Your number: "), field);
      given = () => field.value.trim();
    }
    const right = (answer) => {
      if (data.choices.length) return answer === hidden.answer;
      const percent = answer.endsWith("%");
      const value = Number(answer.replace("%", "").replace("\u2212", "-").replace(",", ".")) / (percent ? 100 : 1);
      return Math.abs(value - hidden.answer) <= hidden.tolerance;
    };
    const done = () => { section.classList.add("done"); store(`done ${data.id}`, true); };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const answer = given();
      if (!answer) { said.textContent = "Give an answer first."; return; }
      const good = right(answer);
      if (good) done();
      const reason = hidden.why[answer] ? ` ${hidden.why[answer]}` : "";
      said.innerHTML = (good ? "Right." : "Not yet.") + reason; /* reasons are escaped by the library */
      section.dispatchEvent(new CustomEvent("judged", { bubbles: true }));
    });
    form.append(make("button", { type: "submit" }, "Check"));
    stage.append(form, said);
    if (stored()[`done ${data.id}`]) { section.classList.add("done"); said.textContent = "You solved this before."; }
  };

  const filter = (section, data, stage) => {
    const table = section.parentElement.querySelector("table.strategies");
    const said = make("p", { className: "said", "aria-live": "polite" });
    const words = { annotated: "learns from annotations", reads: "sees the note" };
    const rows = [...table.querySelectorAll("tr[data-annotated]")];
    const move = () => {
      for (const row of rows) {
        row.hidden = controls.some(([column, c]) => c.key() !== "any" && row.dataset[column] !== c.key());
      }
      for (const head of table.querySelectorAll("tr.group")) {
        let next = head.nextElementSibling;
        while (next && next.hidden) next = next.nextElementSibling;
        head.hidden = !next || next.classList.contains("group");
      }
      said.textContent = `${rows.filter((row) => !row.hidden).length} of ${rows.length} strategies.`;
    };
    const positions = [["any", "either"], ["yes", "yes"], ["no", "no"]];
    const controls = data.columns.map((column) =>
      [column, choice({ name: words[column], positions, start: "any" }, () => move())]);
    stage.append(...controls.map(([, c]) => c.node), said);
    move();
  };

  const progress = () => {
    const checks = [...document.querySelectorAll('section.try[data-kind="check"]')];
    const title = document.querySelector("article h1");
    if (!checks.length || !title) return;
    const told = make("p", { className: "solved", "aria-live": "polite" });
    const tell = () => {
      const done = checks.filter((c) => c.classList.contains("done")).length;
      told.textContent = `Self-checks solved on this page: ${done} of ${checks.length}.`;
    };
    tell();
    document.addEventListener("judged", tell);
    checks.at(-1).after(told);
  };

  /* Who reads: what a level need not see is hidden; everything stays in the page and can be brought back. */
  const LEVELS = ["clinician", "student", "researcher"];
  const levels = () => {
    const line = document.querySelector("p.about-chapter");
    if (!line) return;
    const start = LEVELS.includes(stored().level) ? stored().level : "researcher";
    const set = (level) => { document.body.dataset.level = level; };
    const positions = LEVELS.map((level) => [level, level]);
    const control = choice({ name: "Read as", positions, start }, () => {
      set(control.key());
      store("level", control.key());
    });
    control.node.classList.add("levels");
    line.after(control.node);
    set(start);
  };

  const KINDS = { states, sort, notes, check, filter };
  const ready = () => {
    for (const section of document.querySelectorAll("section.try")) {
      const data = JSON.parse(section.querySelector('script[type="application/json"]').textContent);
      KINDS[section.dataset.kind](section, data, section.querySelector(".stage"));
    }
    progress();
    levels();
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", ready);
  else ready();
})();
