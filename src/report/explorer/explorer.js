"use strict";
(() => {
  const book = JSON.parse(document.getElementById("book").textContent);
  const { words, texts } = book;
  // A row is a list of values; what is missing at its end is unknown.
  const unlist = (names, values) => {
    const row = {};
    names.forEach((name, at) => { row[name] = values[at] ?? null; });
    return row;
  };
  const models = book.models.map((values) => unlist(book.model_cells, values));
  for (const m of models) {
    if (m.run) m.run = unlist(book.run_cells, m.run);
    if (m.run) m.run.flags = m.run.flags || [];
    for (const list of ["bases", "upstream", "evidence"]) m[list] = m[list] || [];
  }
  const PAGE = 100;
  const get = (id) => document.getElementById(id);
  const text = (place) => (place === null || place === undefined ? null : texts[place]);

  // An element with attributes and children; strings become text, never markup.
  const make = (tag, attributes, ...children) => {
    const at = tag.indexOf(":");
    const node = at < 0 ? document.createElement(tag) : document.createElementNS("http://www.w3.org/2000/svg", tag.slice(at + 1));
    for (const [name, value] of Object.entries(attributes || {})) if (value !== null && value !== undefined) node.setAttribute(name, value);
    for (const child of children.flat()) if (child !== null && child !== undefined) node.append(child);
    return node;
  };
  const named = (words) => make("bdi", {}, words);
  const outside = (url, words) => make("a", { href: url, rel: "noreferrer" }, words);

  // Numbers as a reader takes them in: three significant digits, as in the report.
  const DIGITS = 3;
  const significant = (x) => {
    if (x === 0) return "0";
    const rounded = Number(x.toPrecision(DIGITS));
    const size = Math.floor(Math.log10(Math.abs(rounded)) + 1e-12);
    if (size >= 9 || size < -4) return scientific(x);
    const decimals = Math.max(0, DIGITS - 1 - size);
    return rounded.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  };
  const raised = (exponent) => " × 10" + [...exponent.replace("+", "")].map((c) => ({ "-": "⁻" })[c] || "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]).join("");
  const scientific = (x) => {
    if (x === 0) return "0";
    const [mantissa, exponent] = x.toExponential(DIGITS - 1).split("e");
    return mantissa + raised(exponent);
  };
  // A figure as evidence has it, not rounded: up to what a double surely holds.
  const exact = (x) => {
    const value = Number(x.toPrecision(15));
    const size = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)) + 1e-12);
    if (size < 15 && size >= -4) return value.toLocaleString("en-US", { maximumFractionDigits: 20 }).replace("-", "−");
    const [mantissa, exponent] = value.toExponential().split("e");
    return mantissa.replace("-", "−") + raised(exponent);
  };
  const count = (n) => n.toLocaleString("en-US");
  const mass = (kg) => {
    if (kg >= 9.995e8) return significant(kg / 1e9) + " million t";
    if (kg >= 1000) return significant(kg / 1000) + " t";
    return kg >= 1 || kg === 0 ? significant(kg) + " kg" : significant(kg * 1000) + " g";
  };
  // To the tonne, for totals that a reader adds up.
  const exactMass = (kg) => (Math.abs(kg) < 1e5 ? mass(kg) : count(Math.round(kg / 1000)) + " t");
  const interval = (low, high) => {
    const [number, ...unit] = low.split(" ");
    return (unit.length && high.endsWith(" " + unit.join(" ")) ? number : low) + " to " + high;
  };
  const energy = (kwh) => {
    if (kwh >= 9.995e5) return significant(kwh / 1e6) + " GWh";
    return kwh >= 999.5 ? significant(kwh / 1e3) + " MWh" : significant(kwh) + " kWh";
  };
  const large = (n) => {
    if (n >= 1e15) return scientific(n);
    const three = (x) => String(Number(x.toPrecision(3)));
    for (const [least, unit] of [[1e12, " trillion"], [1e9, " billion"], [1e6, " million"]]) if (n >= least * 0.9995) return three(n / least) + unit;
    return count(Number(n.toPrecision(3)));
  };
  const percent = (share) => (share < 0.001 ? "under 0.1 %" : (share * 100).toFixed(share < 0.0995 ? 1 : 0) + " %");
  const country = (code) => words.countries[code] || code;
  // A place of the grid: a country, a cloud region, "mixture:CHN" around the owner's country, or "mixture:2024", which is nowhere.
  const place = (code) => {
    if (!code || !code.startsWith("mixture:")) return country(code);
    const around = code.slice(8);
    return /\d/.test(around) ? "countries of published runs" : country(around) + " and where its like train";
  };

  // Words to look for: lower case, with every separator a space; and letters and digits alone.
  const plain = (words) => words.toLowerCase().replace(/[-_/.\s]+/g, " ").trim();
  const tight = (words) => words.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "");
  const pieces = (words) => words.toLowerCase().match(/\p{L}+|\p{N}+/gu) || [];
  const inOrder = (words, parts) => {
    let at = 0;
    return parts.every((part) => { const found = words.indexOf(part, at); at = found + part.length; return found >= 0; });
  };
  const year = (m) => (m.date ? m.date.slice(0, 4) : "");
  const task = (m) => text(m.t_task) || words.modalities[m.modality];
  // Ranks go by the mean, here and in the report: means add up.
  const kg = (m) => (m.run ? m.run.kg[3] : 0);
  const shortName = (id) => id.slice(id.indexOf("/") + 1).toLowerCase();
  models.forEach((m) => { m.search = plain(m.id); m.tight = tight(m.id); m.name = shortName(m.id); });
  const byId = new Map(models.map((m) => [m.id, m]));
  // The Hub knows ids in any case, and old ones without an owner: of several the most downloaded.
  const downloadsOf = (m) => m[book.cut_by] ?? -1;
  const byWord = new Map();
  for (const m of [...models].sort((a, b) => downloadsOf(a) - downloadsOf(b))) byWord.set(m.name, m);
  for (const m of models) byWord.set(m.id.toLowerCase(), m);
  const modelOf = (id) => byId.get(id) || byWord.get(id.toLowerCase());
  const ownerOf = new Map(models.filter((m) => m.kind !== null).map((m) => [m.id, m]));
  const runOwner = (run) => run.split("#")[0];
  const kindOf = (run) => (words.kinds[words.kind_names.indexOf(run.split("#")[1])] || "").toLowerCase();

  const FILTERS = {
    owner: { of: (m) => text(m.t_owner) || "", name: (v) => v },
    country: { of: (m) => m.country || "", name: country },
    task: { of: task, name: (v) => v },
    tier: { of: (m) => String(m.tier), name: (v) => v + ". " + words.tiers[v] },
    year: { of: year, name: (v) => v },
  };
  const SORTS = {
    id: (m) => m.search, year: (m) => m.date || "", params: (m) => m.params || 0, kg, lineage: (m) => m.lineage,
    tier: (m) => m.tier, downloads: downloadsOf,
  };
  let sort = { key: "kg", down: true };
  let shown = PAGE;
  let found = models;

  const fillFilters = () => {
    for (const [id, filter] of Object.entries(FILTERS)) {
      const counts = new Map();
      for (const m of models) { const v = filter.of(m); if (v) counts.set(v, (counts.get(v) || 0) + 1); }
      const values = [...counts.keys()].sort((a, b) => {
        if (id === "year") return b.localeCompare(a);
        return id === "tier" ? Number(a) - Number(b) : filter.name(a).localeCompare(filter.name(b), "en");
      });
      get(id).append(...values.map((v) => make("option", { value: v }, filter.name(v) + " (" + count(counts.get(v)) + ")")));
    }
  };

  const find = () => {
    const query = get("query").value.trim().toLowerCase();
    const [tokens, whole, parts] = [plain(query).split(" ").filter(Boolean), tight(query), pieces(query)];
    const isNamed = (m) => Boolean(query) && (m.id.toLowerCase() === query || m.name === query);
    const chosen = Object.entries(FILTERS).map(([id, filter]) => [filter.of, get(id).value]).filter(([, v]) => v);
    const of = SORTS[sort.key];
    const all = models.filter((m) => chosen.every(([get, v]) => get(m) === v));
    found = all.filter((m) => tokens.every((t) => m.search.includes(t)) || (whole && m.tight.includes(whole)));
    // Where nothing has it word for word: "llama405" means the letters and digits in that order.
    if (!found.length && parts.length) found = all.filter((m) => inOrder(m.tight, parts));
    found = found.map((m) => [of(m), m]).sort(([a, x], [b, y]) => {
      const exactly = isNamed(y) - isNamed(x);
      if (exactly) return exactly;
      const order = typeof a === "string" ? (a < b ? -1 : a > b ? 1 : 0) : a - b;
      return (sort.down ? -order : order) || (x.id < y.id ? -1 : 1);
    }).map(([, m]) => m);
  };

  // The interval of a row on one logarithmic axis for all rows that are shown.
  let axis = [0, 1];
  const fitAxis = (rows) => {
    const runs = rows.filter((m) => m.run && m.run.kg[0] > 0);
    const low = Math.log10(runs.reduce((a, m) => Math.min(a, m.run.kg[0]), Infinity));
    const high = Math.log10(runs.reduce((a, m) => Math.max(a, m.run.kg[2], m.run.kg[3]), 0));
    axis = runs.length ? [low, Math.max(high, low + 1)] : [0, 1];
  };
  const across = (kg) => {
    const share = (Math.log10(Math.max(kg, 1e-12)) - axis[0]) / (axis[1] - axis[0]);
    return (4 + 92 * Math.max(0, Math.min(1, share))).toFixed(1) + "%";
  };
  const drawn = (m) => {
    const svg = make("svg:svg", { class: "mark", width: "100%", height: 18, "aria-hidden": "true" });
    if (!m.run) return svg;
    const [a, , c, b] = m.run.kg.map(across);
    svg.append(make("svg:line", { class: "whisker", x1: a, x2: c, y1: 9, y2: 9 }),
      make("svg:circle", { class: m.tier >= 5 ? "hollow" : "full", cx: b, cy: 9, r: 4.5 }));
    return svg;
  };

  // A repository that is no pre-training may own one: that of its base, which the index does not hold.
  const carriesAnothers = (m) => m.kind === 0 && m.role !== 0;
  // "At least 0" would say nothing.
  const lineage = (m) => m.is_complete ? mass(m.lineage) : m.lineage > 0 ? "at least " + mass(m.lineage) : "not known";
  const address = (id) => "#" + book.edition + "/" + id.split("/").map(encodeURIComponent).join("/");
  const row = (m) => make("tr", {},
    make("th", { scope: "row" }, make("a", { href: address(m.id) }, named(m.id)), make("span", { class: "more" }, " " + words.roles[m.role] + (carriesAnothers(m) ? ", carries the pre-training of its base" : ""))),
    make("td", { class: "number" }, year(m)),
    make("td", { class: "number" }, m.params ? large(m.params) : "unknown"),
    make("td", { class: "number" }, m.run ? mass(kg(m)) : "none"),
    make("td", { class: "drawn" }, drawn(m)),
    make("td", { class: "number" }, lineage(m)),
    make("td", {}, m.tier + ". " + words.from[m.tier]),
    make("td", { class: "number" }, downloadsOf(m) < 0 ? "" : count(downloadsOf(m))));

  const list = () => {
    find();
    const means = found.reduce((sum, m) => sum + (m.run ? m.run.kg[3] : 0), 0);
    const runs = found.filter((m) => m.run).length;
    const left = book.of_models - models.length;
    const held = left > 0 ? " This file holds " + count(models.length) + " of the cohort's " + count(book.of_models) + " models, the largest runs first; " +
      count(left) + " are left out for its size, and are in the tables of the snapshot." : "";
    get("count").textContent = count(found.length) + (found.length === 1 ? " model " : " models ") + book.cohort + "; " + count(runs) +
      (runs === 1 ? " of them owns a training run, " : " of them own a training run, ") + exactMass(means) + " CO₂e together (a mean, because means add up)." + held;
    const body = get("models").tBodies[0];
    fitAxis(found.slice(0, shown));
    body.replaceChildren(...found.slice(0, shown).map(row));
    get("more").hidden = found.length <= shown;
    for (const button of document.querySelectorAll("[data-sort]")) {
      const is = button.dataset.sort === sort.key;
      if (is) button.parentNode.setAttribute("aria-sort", sort.down ? "descending" : "ascending");
      else button.parentNode.removeAttribute("aria-sort");
    }
  };

  // The page of a model.
  const block = (title, ...children) => make("section", { class: "block" }, make("h2", {}, title), ...children);
  const lines = (...pairs) => make("dl", { class: "lines" },
    pairs.filter(([, v]) => v).map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
  const modelLink = (id) => (byId.has(id) ? make("a", { href: address(id) }, named(id)) : named(id + " (not in this list)"));

  const statement = (m) => {
    if (!m.run) {
      const below = m.stands_on ? " It carries a training that is counted once, at " : " The run its weights rest on is not known here.";
      return make("p", { class: "lead" }, "This repository trained nothing itself (" + words.roles[m.role] + "), so its own emissions are zero.",
        below, m.stands_on ? modelLink(runOwner(m.stands_on)) : null, m.stands_on ? "." : null);
    }
    const basis = m.tier <= 4 ? "documented" : "imputed";
    return make("div", {},
      make("p", { class: "total" }, make("span", { class: "big" }, mass(m.run.kg[1]) + " CO₂e"),
        make("span", { class: "range" }, " median; 90 % interval: " + interval(mass(m.run.kg[0]), mass(m.run.kg[2])) + "; mean: " + mass(kg(m)))),
      make("p", { class: "lead" }, "for its own training run. The figure is " + basis + ": " + words.tiers[m.tier].toLowerCase() +
        " (tier\u00a0" + m.tier + ")." + (carriesAnothers(m) ? " The run is the pre-training of its base, which this index does not hold; this repository carries it." : "")));
  };

  const figures = (m) => {
    if (!m.run) return null;
    const line = (name, q, show) => q && make("tr", {}, make("th", { scope: "row" }, name),
      ...q.map((v) => make("td", { class: "number" }, show(v))));
    return block("Figures", make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": "Figures" }, make("table", {},
      make("thead", {}, make("tr", {}, ["quantity", "5th percentile", "median", "95th percentile", "mean"].map((h, at) =>
        make("th", { scope: "col", class: at ? "number" : null }, h)))),
      make("tbody", {}, line("Emissions", m.run.kg, mass), line("Electricity", m.run.kwh, energy),
        line("Compute, FLOP", m.run.flop, scientific), line("Emissions per compute, g/PFLOP", m.run.atci, significant)))));
  };

  const inherited = (m) => block("Its own and inherited",
    make("p", {}, "Own training: " + mass(kg(m)) + ". With everything upstream of its weights: " +
      lineage(m) + " (means, because means add up; each run once)." +
      (m.is_complete ? "" : " A base is not in this index.")),
    m.upstream.length ? make("ul", {}, m.upstream.map((run) => make("li", {}, modelLink(runOwner(run)), " ",
      make("span", { class: "more" }, kindOf(run), ownerOf.has(runOwner(run)) ? ", " + mass(kg(ownerOf.get(runOwner(run)))) : "")))) : null,
    m.upstream_runs > m.upstream.length ? make("p", {}, "and " + count(m.upstream_runs - m.upstream.length) + " more runs.") : null);

  // The steps of the model's tier (book.words.steps): what the figure rests on, and apart from it what only tells of compute.
  const factors = (m) => {
    if (!m.run) return null;
    const r = m.run;
    const box = (name, value, note, standsIn) => value && make("li", { class: standsIn ? "factor stand-in" : "factor" },
      make("span", { class: "more" }, name), make("strong", {}, value), note ? make("span", { class: "more" }, note) : null,
      standsIn ? make("em", {}, standsIn === true ? "not stated: an average stands in" : standsIn) : null);
    const chip = text(r.t_chip) && (r.stands_in[0] ? "mixture of its year" : text(r.t_chip));
    const said = (way, given) => ({ given, computed: "follows from what stands before", implied: "follows backwards" })[way];
    const both = (q, show) => show(q[1]) + (m.p ? " in the median, " + show(q[3]) + " in the mean" : "");
    const draw = {
      compute: (way) => box("Compute", both(r.flop, (x) => scientific(x) + " FLOP"), said(way, m.tier >= 5 ? null : "published, or counted from size and data"),
        way === "given" && m.tier >= 5 && "not stated: what such trainings take"),
      utilization: () => box("Utilization", r.mfu && percent(r.mfu), ["of the peak rate of its chips", chip].filter(Boolean).join(": "), r.stands_in[2] || r.stands_in[0]),
      hours: (way) => box("Device hours", r.hours && (way === "given" && r.hours >= 100 ? count(Math.round(r.hours)) : large(r.hours)) + " h", [said(way, "stated"), way === "given" ? chip : null].filter(Boolean).join("; ")),
      power: () => box("Power", r.watts && significant(r.watts) + " W", "per chip with its share of the host" + (chip ? ": " + chip : ""), r.stands_in[1] || r.stands_in[0]),
      overhead: () => box("Facility overhead (PUE)", r.pue && significant(r.pue), text(r.t_pue_source), r.stands_in[3]),
      energy: (way) => box("Electricity", both(r.kwh, energy), said(way, "reported")),
      grid: () => box("Grid", r.grid && significant(r.grid) + " g/kWh", [place(text(r.t_place)), r.grid_year, text(r.t_grid_source)].filter(Boolean).join(", "),
        r.is_owners_grid ? "the place of training is not stated: the owner's country, and where its like train" : r.stands_in[4]),
      emissions: (way) => box("Emissions", both(r.kg, mass), said(way, "reported")),
    };
    const steps = words.steps[m.tier][r.beside];
    // The figure rests on what lies between its evidence and the emissions; compute beside that only tells of emissions per compute.
    const from = m.tier >= 4 ? 0 : steps.findIndex(([step, way]) => way === "given" && step !== "compute");
    const to = steps.findIndex(([step]) => step === "emissions");
    const isMain = (at) => at >= from && at <= to;
    const drawn = (is) => make("ol", { class: "factors" }, steps.filter((step, at) => is(at)).map(([step, way]) => draw[step](way)));
    return block("How the figure is made", m.tier === 1 ? make("p", {}, "The emissions are reported: nothing is computed for them.") : null, drawn(isMain),
      steps.every((step, at) => isMain(at)) ? null : make("details", {}, make("summary", {}, "Beside the figure, which does not rest on it: compute, for emissions per compute"),
        drawn((at) => !isMain(at))),
      r.flags.length ? make("details", {}, make("summary", {}, "What was assumed"), make("ul", {}, r.flags.map((f) => make("li", {}, words.flags[f].replaceAll("`", ""))))) : null);
  };

  const evidence = (m) => {
    // Reported emissions rest on nothing else; what tells of compute or hardware beside them stands beside the figure.
    const isReported = m.tier === 1;
    const item = ([field, value, written, source, locator, quote, used, refused, link]) => {
      const unit = words.units[field];
      const shown = value === null || unit === "date" ? named(texts[written]) : words.field_names[field] === "role" ? [named(texts[written]), ", " + percent(value)] : exact(value) + (unit === "1" ? "" : " " + unit);
      const from = words.sources[source];
      return make("li", { class: refused === null ? null : "refused" }, make("strong", {}, words.fields[field]), ": ", shown,
        used ? make("span", { class: "tag" }, isReported && words.field_names[field] !== "emissions_kgco2e" ? "beside it" : "used") : null,
        make("blockquote", {}, make("p", {}, named(texts[quote]))),
        make("p", { class: "note" }, link === null ? from : texts[link].startsWith("https://huggingface.co/") ? outside(texts[link], from) : [from, ", ", outside(texts[link], "its source")], ", ", named(texts[locator]), refused === null ? null : ". Refused: " + texts[refused]));
    };
    return block("Evidence", m.evidence.length ? make("ul", { class: "evidence" }, m.evidence.map(item)) : make("p", {}, "Nothing is stated."));
  };

  const roles = (m) => m.p && block("What was it trained as?",
    make("p", {}, "Nothing certain tells; these are the probabilities, learnt from records that were looked up." + (m.run ? " The figures above mix what " +
      "each would have taken: their mean is what to add up over many trainings; the median of a mix may lie where none of the kinds does." : "")),
    m.run ? make("p", { class: "note" }, "The figures of each kind by itself: ", make("code", {}, "hugging-carbon explain " + m.id)) : null,
    make("ul", { class: "bars" }, m.p.map((p, at) => [p, words.roles[at]]).filter(([p]) => p >= 0.005).sort(([a], [b]) => b - a).map(([p, name]) => {
      const svg = make("svg:svg", { class: "mark", width: "100%", height: 14, "aria-hidden": "true" });
      svg.append(make("svg:rect", { class: "documented", width: (p * 100).toFixed(1) + "%", height: 14 }));
      return make("li", {}, make("span", {}, name), svg, make("span", {}, percent(p)));
    })));

  const family = (m) => {
    const others = m.stands_on ? models.filter((o) => o.stands_on === m.stands_on && o !== m) : [];
    return block("Family", lines(
      ["Names as base", m.bases.length ? m.bases.flatMap((b, at) => [at ? ", " : null, modelLink(b)]) : null],
      ["Stands on", m.stands_on && modelLink(runOwner(m.stands_on))],
      ["Its run is carried by", m.kind !== null && m.members > 1 ? count(m.members) + " repositories" : null]),
      others.length ? make("details", {}, make("summary", {}, count(others.length) + (others.length === 1 ? " other model" : " other models") + " of this list on the same pre-training"),
        make("ul", { class: "many" }, others.slice(0, 200).map((o) => make("li", {}, modelLink(o.id), " ", make("span", { class: "more" }, words.roles[o.role]))))) : null);
  };

  const model = (m) => {
    const params = m.params && large(m.params) + (m.active && m.active !== m.params ? ", " + large(m.active) + " per token" : "");
    get("model").replaceChildren(...[
      make("p", {}, make("a", { href: back() }, "Back to the list")),
      statement(m),
      lines(["What it is", (m.p ? "most likely " : "") + words.roles[m.role] + ", " + words.modalities[m.modality].toLowerCase()], ["Kind of run", m.kind !== null && words.kinds[m.kind]],
        ["Parameters", params || "unknown"], ["Dated", m.date ? m.date + (m.dated === null ? "" : ", " + words.dates[m.dated]) : "unknown"], ["Country of the owner", m.country ? country(m.country) : "unknown"],
        ["Downloads, all time", m.downloads === null ? null : count(m.downloads)], ["Downloads in 30 days", m.downloads_30d === null ? null : count(m.downloads_30d)],
        ["Elsewhere", [outside("https://huggingface.co/" + m.id.split("/").map(encodeURIComponent).join("/"), "repository"), m.paper ? ", " : null, m.paper ? outside(m.paper, "paper") : null]]),
      figures(m), m.run ? roles(m) : null, factors(m), evidence(m), inherited(m), m.run ? null : roles(m), family(m),
      make("p", { class: "note" }, "Link to this page: ", make("code", {}, address(m.id))),
    ].filter(Boolean));
  };

  // Why the total changed, where the page was made beside another snapshot.
  const signed = (kg) => (kg > 0 ? "+" : kg < 0 ? "−" : "") + mass(Math.abs(kg));
  const grid = (caption, head, right, rows) => make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": caption }, make("table", {},
    make("caption", {}, caption),
    make("thead", {}, make("tr", {}, head.map((h, at) => make("th", { scope: "col", class: at >= right ? "number" : null }, h)))),
    make("tbody", {}, rows.map((cells) => make("tr", {}, cells.map((c, at) => (at ? make("td", { class: at >= right ? "number" : null }, c) : make("th", { scope: "row" }, c))))))));
  const changes = () => {
    const { old, new: now, kg, causes } = book.change;
    const known = (x) => (x === null ? "none" : mass(x));
    const run = ([id, note, before, after, change], isTold) => [[modelLink(runOwner(id)), make("span", { class: "more" }, " " + kindOf(id))],
      ...(isTold ? [named(note)] : []), known(before), known(after), signed(change)];
    // Runs that only one snapshot counts have nothing to tell of from and to.
    const runs = (c) => {
      const isTold = c.rows.some((row) => row[1]);
      return grid(c.title + ": runs, the largest change first", ["Run", ...(isTold ? ["From what to what"] : []), "Older", "Newer", "Change"], isTold ? 2 : 1,
        c.rows.map((row) => run(row, isTold)));
    };
    get("model").replaceChildren(
      make("p", {}, make("a", { href: back() }, "Back to the list")),
      make("p", { class: "total" }, make("span", { class: "big" }, signed(kg) + " CO₂e"), make("span", { class: "range" }, " since snapshot " + old.snapshot)),
      make("p", { class: "lead" }, "From " + exactMass(old.kg) + " in " + count(old.runs) + " runs (method " + old.method + ") to " + exactMass(now.kg) + " in " +
        count(now.runs) + " runs of snapshot " + now.snapshot + " (method " + now.method + "); means. The causes add up to the change."),
      old.cohort === now.cohort ? "" : make("p", {}, "The two count different cohorts: models that were " + old.cohort + ", and models that were " + now.cohort + "."),
      causes.length ? grid("By cause, the largest first", ["Cause", "Runs", "Change"], 1,
        causes.map((c) => [[c.title, make("span", { class: "more below" }, c.meaning)], count(c.runs), signed(c.kg)])) : make("p", {}, "The emissions of every run are the same."),
      ...causes.map((c, at) => make("details", at ? {} : { open: "" }, make("summary", {}, c.title + ": " + signed(c.kg) + " in " + count(c.runs) + (c.runs === 1 ? " run" : " runs")),
        runs(c),
        c.runs > c.rows.length ? make("p", { class: "note" }, "And " + count(c.runs - c.rows.length) + " more: hugging-carbon diff --format json.") : "")));
  };

  // Addresses: #EDITION/owner/name for a model, #EDITION?q=...&country=... for a list, #EDITION?changes for what changed.
  let lastList = "#" + book.edition;
  const back = () => lastList;
  const notice = (words) => { get("notice").textContent = words; get("notice").hidden = !words; };
  const listAddress = () => {
    const state = new URLSearchParams();
    if (get("query").value) state.set("q", get("query").value);
    for (const id of Object.keys(FILTERS)) if (get(id).value) state.set(id, get(id).value);
    if (sort.key !== "kg" || !sort.down) state.set("sort", (sort.down ? "-" : "") + sort.key);
    const query = state.toString();
    return "#" + book.edition + (query ? "?" + query : "");
  };
  const readList = (query) => {
    const state = new URLSearchParams(query);
    get("query").value = state.get("q") || "";
    const unknown = [];
    for (const id of Object.keys(FILTERS)) {
      get(id).value = state.get(id) || "";
      if (state.get(id) && get(id).value !== state.get(id)) { get(id).value = ""; unknown.push(id + " " + state.get(id)); }
    }
    const key = (state.get("sort") || "-kg").replace(/^-/, "");
    if (!SORTS[key]) unknown.push("order " + key);
    if (SORTS[key]) sort = { key, down: (state.get("sort") || "-kg").startsWith("-") };
    return unknown;
  };
  const route = (isFirst) => {
    const address = location.hash.slice(1);
    const cut = address.search(/[/?]/);
    // Mail programs write the + of an edition as %2B.
    const decoded = (words) => { try { return decodeURIComponent(words); } catch { return words; } };
    const edition = decoded(cut < 0 ? address : address.slice(0, cut));
    const rest = cut < 0 ? "" : address.slice(cut);
    const id = rest.startsWith("/") ? rest.slice(1).split("/").map(decoded).join("/") : "";
    const m = id ? modelOf(id) : undefined;
    const isChange = Boolean(book.change) && rest === "?changes";
    const isOther = rest && edition && edition !== book.edition;
    const unknown = m || isChange || rest.startsWith("/") ? [] : readList(rest.slice(1));
    notice([isOther ? "The link was made with edition " + edition + "; this is edition " + book.edition + ". Figures may differ." : "",
      rest.startsWith("/") && !m ? "The model that the link names is not in this list." : "",
      unknown.length ? "Nothing in this list has " + unknown.join(", ") + ": that part of the link is left out." : ""].filter(Boolean).join(" "));
    get("list").hidden = Boolean(m) || isChange;
    get("model").hidden = !m && !isChange;
    const title = m ? m.id : isChange ? "Why did the total change?" : "What did training this model emit?";
    document.title = (m || isChange ? title + ", " : "") + "Hugging Carbon explorer";
    get("title").textContent = title;
    if (m) model(m);
    else if (isChange) changes();
    else { if (!rest.startsWith("/")) lastList = listAddress(); list(); }
    if (!isFirst) { window.scrollTo(0, 0); get("title").focus({ preventScroll: true }); }
  };
  const changed = () => {
    shown = PAGE;
    lastList = listAddress();
    history.replaceState(null, "", lastList);
    notice("");
    list();
  };

  // A cell of a spreadsheet: quoted where needed, and never a formula.
  const cell = (value) => {
    const words = value === null || value === undefined ? "" : String(value);
    const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(words) ? "'" + words : words;
    return /[",\n\r]/.test(safe) ? '"' + safe.replaceAll('"', '""') + '"' : safe;
  };
  const csv = () => {
    const head = ["model_id", "owner", "owner_country", "task", "modality", "role", "trained_on", "total_params", "tier", "basis",
      "emissions_kgco2e_p05", "emissions_kgco2e_p50", "emissions_kgco2e_p95", "emissions_kgco2e_mean", "energy_kwh_p50", "train_flop_p50",
      "atci_gco2e_per_pflop_p50", "lineage_emissions_kgco2e_mean", "lineage_is_complete", "downloads_all_time", "downloads_30d", "edition"];
    const of = (m) => [m.id, text(m.t_owner), m.country, text(m.t_task), words.modality_names[m.modality], words.role_names[m.role], m.date, m.params, m.tier,
      m.run ? (m.tier <= 4 ? "documented" : "imputed") : "none", ...(m.run ? m.run.kg : [0, 0, 0, 0]), m.run ? m.run.kwh[1] : 0, m.run ? m.run.flop[1] : 0,
      m.run && m.run.atci ? m.run.atci[1] : null, m.lineage, m.is_complete, m.downloads, m.downloads_30d, book.edition];
    const lines = [head, ...found.map(of)].map((line) => line.map(cell).join(",")).join("\r\n") + "\r\n";
    const url = URL.createObjectURL(new Blob([lines], { type: "text/csv;charset=utf-8" }));
    const link = make("a", { href: url, download: "hugging-carbon-" + book.edition + ".csv" });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  };

  if (book.change) {
    get("since").append(make("a", { href: "#" + book.edition + "?changes" }, "Why the total changed since snapshot " + book.change.old.snapshot));
    get("since").hidden = false;
  }
  fillFilters();
  get("filters").addEventListener("input", changed);
  get("reset").addEventListener("click", () => { readList(""); changed(); });
  get("csv").addEventListener("click", csv);
  get("more").addEventListener("click", () => { shown += PAGE * 5; list(); });
  for (const button of document.querySelectorAll("[data-sort]")) {
    button.addEventListener("click", () => {
      const key = button.dataset.sort;
      sort = { key, down: sort.key === key ? !sort.down : !["id", "tier"].includes(key) };
      changed();
    });
  }
  document.addEventListener("keydown", (event) => {
    const isField = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "/" && !isField && !get("list").hidden) { event.preventDefault(); get("query").focus(); }
    if (event.key === "Escape" && !get("model").hidden) location.hash = back();
  });
  window.addEventListener("hashchange", () => route(false));
  route(true);
})();
