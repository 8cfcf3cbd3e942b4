"use strict";
(() => {
  const table = document.getElementById("calls");
  const form = document.getElementById("filters");
  const rows = Array.from(table.tBodies[0].rows);
  const position = new Map(rows.map((row, at) => [row, at]));
  const open = new Map();
  let events;
  let current = rows[0];

  document.body.className = "js";
  table.setAttribute("role", "treegrid");
  form.hidden = false;

  const make = (name, text, kind) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };

  // What an event says, in the order in which it is read.
  const names = {
    detail: "Detail", method: "Method", url: "URL", status: "Status", grpc_status: "gRPC status", code: "Code", tool: "Tool",
    capability: "Operation", mcp_method: "MCP method", model: "Model", asked: "Asked for", left_out: "Left out", policy: "Policy",
    rule: "Rule", end_user: "For", credential: "Credential", bytes_in: "Sent", bytes_out: "Received", input_tokens: "Input tokens",
    cached_input_tokens: "of them cached", output_tokens: "Output tokens", cost_usd: "Cost", estimated: "Estimated", door: "Door",
    approval_id: "Approval", approver: "Approver", scope: "Scope", exe: "Program", pid: "Process", request_id: "Request",
    ts: "Recorded", seq: "Event", type: "Type",
  };
  const hidden = new Set(["us_queue", "us_decide", "us_upstream", "request_body", "response_body", "decision"]);
  const counted = new Intl.NumberFormat("en");

  const bytes = (count) => {
    const units = ["KiB", "MiB", "GiB", "TiB"];
    let unit = -1;
    for (; count >= 1024 && unit + 1 < units.length; unit++) count /= 1024;
    return unit < 0 ? `${count} B` : `${count.toFixed(1)} ${units[unit]}`;
  };
  const time = (us) => {
    if (us < 1000) return `${us} µs`;
    if (us < 10000) return `${(us / 1000).toFixed(1)} ms`;
    if (us < 1e6) return `${Math.round(us / 1000)} ms`;
    if (us < 6e7) return `${(us / 1e6).toFixed(1)} s`;
    return `${Math.floor(us / 6e7)} min ${Math.floor((us % 6e7) / 1e6)} s`;
  };
  const value = (name, said) => {
    if (name === "bytes_in" || name === "bytes_out") return bytes(said);
    if (name === "cost_usd") return `$${Number(said).toFixed(12).replace(/\.?0+$/, "")}`;
    if (name === "rule" || name === "seq") return `#${said}`;
    if (name === "pid" || name === "status") return String(said);
    if (typeof said === "number") return counted.format(said);
    return typeof said === "string" ? said : JSON.stringify(said);
  };

  const phases = (event) => {
    const parts = [["deciding", "d", "Deciding", event.us_decide], ["waited", "w", "Waiting", event.us_queue],
      ["upstream", "u", event.type === "INGRESS_REQUEST" ? "Agent" : "Upstream", event.us_upstream]];
    const all = parts.reduce((sum, part) => sum + (part[3] || 0), 0);
    const box = make("div", undefined, "phases");
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("aria-hidden", "true");
    const legend = make("div");
    let from = 0;
    for (const [kind, fill, name, us] of parts) {
      if (!us) continue;
      const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      bar.setAttribute("class", fill);
      bar.setAttribute("x", `${from / all * 100}%`);
      bar.setAttribute("width", `${us / all * 100}%`);
      bar.setAttribute("height", "100%");
      svg.append(bar);
      legend.append(make("span", `${name} ${time(us)}`, `key ${kind}`));
      from += us;
    }
    if (!all) return undefined;
    box.append(svg, legend);
    return box;
  };

  // Who decided, of a call that waited for a person.
  const decided = (event) => {
    if (!event.approval_id || event.approver !== undefined) return "";
    const by = events.find((one) => one.approval_id === event.approval_id && one.approver !== undefined);
    return by && by.approver ? `, by ${by.approver}` : "";
  };
  const sentence = (event) => {
    if (!event.decision) return "";
    const rule = event.policy ? ` under policy ${event.policy}${event.rule ? `, rule ${event.rule}` : ""}` : "";
    const word = event.decision[0].toUpperCase() + event.decision.slice(1);
    return `${word}${event.code ? ` with ${event.code}` : ""}${decided(event)}${rule}.`;
  };

  const item = (name, text, wide) => {
    const box = make("div", undefined, wide ? "wide" : "");
    box.append(make("dt", name), make("dd", text));
    return box;
  };
  const details = (event) => {
    const row = make("tr", undefined, "more");
    row.setAttribute("role", "row");
    const cell = make("td");
    cell.colSpan = 8;
    const said = sentence(event);
    if (said) cell.append(make("p", said));
    const bar = phases(event);
    if (bar) cell.append(bar);
    const list = make("dl");
    const known = Object.keys(names).filter((name) => name in event);
    const further = Object.keys(event).filter((name) => !(name in names) && !hidden.has(name));
    for (const name of [...known, ...further]) {
      list.append(item(names[name] || name.replaceAll("_", " "), value(name, event[name]), name === "url" || name === "detail"));
    }
    cell.append(list);
    for (const [name, title] of [["request_body", "Request"], ["response_body", "Answer"]]) {
      if (event[name]) cell.append(make("h3", title, "unseen"), make("pre", event[name]));
    }
    row.append(cell);
    return row;
  };

  const toggle = (row, wanted = !open.has(row)) => {
    if (wanted === open.has(row)) return;
    if (wanted) {
      events ??= JSON.parse(document.getElementById("events").textContent);
      const more = details(events[position.get(row)]);
      row.after(more);
      open.set(row, more);
    } else {
      open.get(row).remove();
      open.delete(row);
    }
    row.setAttribute("aria-expanded", String(wanted));
  };
  const go = (row) => {
    if (!row) return;
    if (current) current.removeAttribute("tabindex");
    current = row;
    row.tabIndex = 0;
    row.focus();
  };
  const visible = (from, step) => {
    let at = from;
    while (at >= 0 && at < rows.length && rows[at].hidden) at += step;
    return rows[at];
  };

  table.addEventListener("click", (event) => {
    const row = event.target.closest("tbody tr");
    if (!row || !position.has(row) || !getSelection().isCollapsed) return;
    go(row);
    toggle(row);
  });
  table.addEventListener("keydown", (event) => {
    const row = event.target;
    if (!position.has(row) || event.ctrlKey || event.altKey || event.metaKey) return;
    const at = position.get(row);
    const keys = {
      ArrowDown: () => go(visible(at + 1, 1)), ArrowUp: () => go(visible(at - 1, -1)),
      PageDown: () => go(visible(Math.min(at + 20, rows.length - 1), 1) || visible(rows.length - 1, -1)),
      PageUp: () => go(visible(Math.max(at - 20, 0), -1) || visible(0, 1)),
      Home: () => go(visible(0, 1)), End: () => go(visible(rows.length - 1, -1)),
      Enter: () => toggle(row), " ": () => toggle(row), ArrowRight: () => toggle(row, true),
      ArrowLeft: () => toggle(row, false), Escape: () => toggle(row, false),
    };
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.target.closest("input, select") || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    form.elements.text.focus();
  });

  const filter = () => {
    const decisions = new Set(Array.from(form.querySelectorAll("[name=decision]:checked"), (box) => box.value));
    const tool = form.elements.tool.value;
    const wanted = form.elements.text.value.trim().toLowerCase();
    let count = 0;
    for (const row of rows) {
      const shown = decisions.has(row.dataset.d) && (tool === "" || row.dataset.t === tool.slice(1)) &&
        (wanted === "" || row.textContent.toLowerCase().includes(wanted));
      row.hidden = !shown;
      if (open.has(row)) open.get(row).hidden = !shown;
      if (shown) count++;
    }
    form.elements.count.value = count === rows.length ? `${counted.format(count)} shown` : `${counted.format(count)} of ${counted.format(rows.length)} shown`;
    document.getElementById("nothing").hidden = count > 0;
    if (current && current.hidden) {
      current.removeAttribute("tabindex");
      current = visible(0, 1);
      if (current) current.tabIndex = 0;
    }
  };
  let due = 0;
  form.addEventListener("input", () => {
    clearTimeout(due);
    due = setTimeout(filter, 60);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));

  if (current) current.tabIndex = 0;
  filter();
  // A link to one event: page.html#event-12.
  const follow = () => {
    const row = /^#event-\d+$/.test(location.hash) ? document.getElementById(location.hash.slice(1)) : undefined;
    if (!row || !position.has(row)) return;
    toggle(row, true);
    go(row);
    row.scrollIntoView({ block: "center" });
  };
  addEventListener("hashchange", follow);
  follow();
})();
