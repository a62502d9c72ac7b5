// Charts to zoom and to point at. Vega draws them; what they show lies in the page beside them.
const NEAR = 30; // pixels from the pointer to what it points at

function specification(kind, data, title) {
  const [ink, line] = [tint("--ink"), tint("--line")];
  const font = getComputedStyle(document.body).fontFamily;
  const names = data.sets?.map((set) => set.name) ?? [...new Set(kind.points.map((p) => p.set))].sort();
  const range = data.sets?.map((set) => shade(set.colour)) ?? { scheme: "category10" };
  const place = (axis) => ({ signal: `here ? scale('${axis}', here.${axis}) : -99` });
  return {
    description: title, padding: 4, autosize: { type: "fit", contains: "padding" },
    config: { axis: { labelColor: ink, titleColor: ink, domainColor: line, tickColor: line,
      gridColor: line, labelFont: font, titleFont: font, labelFontSize: 12, titleFontSize: 13,
      titleFontWeight: "normal" },
    legend: { labelColor: ink, titleColor: ink, labelFont: font, titleFont: font, labelFontSize: 12,
      titleFontWeight: "normal", symbolSize: 70 } },
    signals: [{ name: "xdom", value: kind.full.x }, { name: "ydom", value: kind.full.y },
      { name: "here", value: null }, { name: "kept", value: names }],
    data: [{ name: "others", values: kind.others ?? [] }, { name: "shown", values: kind.points,
      transform: [{ type: "filter", expr: "indexof(kept, datum.set) >= 0" }] }],
    scales: [
      { name: "x", type: "linear", ...kind.x, domain: { signal: "xdom" }, range: "width", zero: false },
      { name: "y", type: "linear", ...kind.y, domain: { signal: "ydom" }, range: "height", zero: false },
      { name: "colour", type: "ordinal", domain: names, range },
    ],
    axes: [
      { orient: "bottom", scale: "x", title: kind.titles[0], grid: true, gridOpacity: 0.5,
        labelOverlap: true, ...(kind.x.type ? { format: "~s" } : {}) },
      { orient: "left", scale: "y", title: kind.titles[1], grid: true, gridOpacity: 0.5,
        labelOverlap: "greedy", ...(kind.ticks ? { values: kind.ticks, format: "~r" } : {}) },
    ],
    legends: kind.legends ?? [],
    marks: [{ type: "group", clip: true,
      encode: { update: { width: { signal: "width" }, height: { signal: "height" } } },
      marks: [...kind.marks, { type: "symbol", encode: { update: {
        x: place("x"), y: place("y"), size: { value: 170 }, fill: { value: null },
        stroke: { value: ink }, strokeWidth: { value: 2 } } } }] }],
  };
}

// A chart in its host; `point` hears what is pointed at: (nearest point or null, place in data).
class Chart {
  constructor(host, data) {
    this.host = host;
    this.data = data;
    this.box = host.querySelector(".chart");
    this.inner = this.box.appendChild(element("div", {}));
    this.kept = new Set(data.sets?.map((set) => set.name) ?? data.labels);
    this.point = () => {};
  }

  // Resolves when the chart is drawn; in other colours, again.
  async start() {
    await this.draw();
    this.listen();
    new ResizeObserver(() => this.fit()).observe(this.box);
    darkScheme.addEventListener("change", () => this.draw());
  }

  async draw() {
    this.kind = KINDS[this.data.kind](this.data);
    const title = this.host.querySelector("summary").textContent;
    const made = await vegaEmbed(this.inner, specification(this.kind, this.data, title),
      { mode: "vega", renderer: "canvas", actions: false, tooltip: false, defaultStyle: false });
    this.view?.finalize();
    this.view = this.box.view = made.view;
    this.view.signal("kept", [...this.kept]);
    this.fit();
  }

  fit() {
    const { clientWidth, clientHeight } = this.box;
    if (clientWidth > 0) this.view.width(clientWidth).height(clientHeight).runAsync();
  }

  // Each end of both axes, in pixels, moves to where `move` says.
  reach(move) {
    const domains = ["x", "y"].map((axis, i) => {
      const scale = this.view.scale(axis);
      return scale.range().map((end) => scale.invert(move(end, i)));
    });
    if (domains.flat().every(Number.isFinite)) this.set(...domains);
  }

  set(x, y) { this.view.signal("xdom", x).signal("ydom", y).runAsync(); }

  all() { this.set(this.kind.full.x, this.kind.full.y); }

  pan(dx, dy) { this.reach((end, i) => end - [dx, dy][i]); }

  zoom(factor, at = [this.view.signal("width") / 2, this.view.signal("height") / 2]) {
    this.reach((end, i) => at[i] + (end - at[i]) * factor);
  }

  // Of an event: pixels within the axes.
  place(event) {
    const { left, top } = this.box.querySelector("canvas").getBoundingClientRect();
    const [padding, origin] = [this.view.padding(), this.view.origin()];
    return [event.clientX - left - padding.left - origin[0],
      event.clientY - top - padding.top - origin[1]];
  }

  look([px, py]) {
    const [x, y] = [this.view.scale("x"), this.view.scale("y")];
    let [nearest, least] = [null, NEAR];
    for (const point of this.kind.points) {
      if (!this.kept.has(point.set)) continue;
      const distance = Math.hypot(x(point.x) - px, y(point.y) - py);
      if (distance < least) [nearest, least] = [point, distance];
    }
    this.point(nearest, [x.invert(px), y.invert(py)]);
  }

  mark(point) { this.view.signal("here", point).runAsync(); }

  listen() {
    let held = null;
    const { box } = this;
    box.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "mouse" && event.button === 0) {
        held = [event.clientX, event.clientY];
        box.setPointerCapture(event.pointerId);
      } else this.look(this.place(event));
    });
    box.addEventListener("pointermove", (event) => {
      if (held === null) this.look(this.place(event));
      else {
        this.pan(event.clientX - held[0], event.clientY - held[1]);
        held = [event.clientX, event.clientY];
      }
    });
    for (const end of ["pointerup", "pointercancel"]) box.addEventListener(end, () => { held = null; });
    box.addEventListener("dblclick", () => this.all());
    box.addEventListener("wheel", (event) => {
      // Without a modifier the wheel scrolls the page.
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.zoom(1.002 ** event.deltaY, this.place(event));
    }, { passive: false });
    const keys = { ArrowLeft: () => this.pan(40, 0), ArrowRight: () => this.pan(-40, 0),
      ArrowUp: () => this.pan(0, 40), ArrowDown: () => this.pan(0, -40), "+": () => this.zoom(0.8),
      "=": () => this.zoom(0.8), "-": () => this.zoom(1.25), 0: () => this.all() };
    box.addEventListener("keydown", (event) => {
      if (event.target !== box || event.ctrlKey || event.metaKey || !(event.key in keys)) return;
      event.preventDefault();
      keys[event.key]();
    });
  }
}

function addTools(chart) {
  const { host, data } = chart;
  const tools = host.querySelector(".tools");
  const press = (text, name, act) => {
    const button = element("button", { type: "button", "aria-label": name }, text);
    button.addEventListener("click", act);
    tools.append(button);
  };
  press("+", "Zoom in", () => chart.zoom(0.7));
  press("−", "Zoom out", () => chart.zoom(1 / 0.7));
  press("All", "Show all", () => chart.all());
  for (const set of data.sets ?? []) {
    const check = element("input", { type: "checkbox" });
    check.checked = true;
    const key = element("span", { class: "key" });
    const paint = () => { key.style.background = shade(set.colour); };
    paint();
    darkScheme.addEventListener("change", paint);
    check.addEventListener("change", () => {
      chart.kept[check.checked ? "add" : "delete"](set.name);
      chart.view.signal("kept", [...chart.kept]).runAsync();
    });
    tools.append(element("label", {}, check, key, set.name));
  }
}

// A chart is made when it comes near the window: a page may hold many.
for (const host of document.querySelectorAll("[data-chart]")) {
  host.hidden = false;
  new IntersectionObserver(async (seen, observer) => {
    if (!seen.some((one) => one.isIntersecting)) return;
    observer.disconnect();
    const data = JSON.parse(host.querySelector("script").textContent);
    const chart = new Chart(host, data);
    await chart.start();
    addTools(chart);
    if (data.kind === "latent") {
      startLatent(chart);
      return;
    }
    const reading = host.querySelector(".reading");
    chart.point = (point) => {
      reading.textContent = point?.text ?? "";
      chart.mark(point);
    };
  }, { rootMargin: "500px" }).observe(host);
}
