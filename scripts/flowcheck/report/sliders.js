// Sliders: each flow's draws and grid block by block, or after more and more training.
const darkScheme = matchMedia("(prefers-color-scheme: dark)");
const tint = (name) => getComputedStyle(document.body).getPropertyValue(name).trim();
const shade = (colours) => colours[darkScheme.matches ? 1 : 0];

// 16-bit integers in base64: places of points, as report/touch.py packs them.
function unpack(text) {
  return new Int16Array(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
}

function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function startSlider(id, flow, all) {
  const points = unpack(flow.points);
  const lines = unpack(flow.lines);
  const perFrame = lines.length / flow.words.length;
  const last = flow.words.length - 1;
  const canvas = element("canvas", { role: "img" });
  const input = element("input", { type: "range", id, min: 0, max: last, step: 1, value: last });
  const words = element("output", { for: id });
  const context = canvas.getContext("2d");

  function draw() {
    const size = canvas.width;
    const x = (value) => (value / all.half / 2 + 0.5) * size;
    const y = (value) => size - x(value);
    const dots = (places, start, count, colour, alpha) => {
      const side = Math.max(1.5, size / 190);
      context.fillStyle = colour;
      context.globalAlpha = alpha;
      for (let i = start; i < start + 2 * count; i += 2) {
        context.fillRect(x(places[i]) - side / 2, y(places[i + 1]) - side / 2, side, side);
      }
    };
    context.clearRect(0, 0, size, size);
    dots(all.places, 0, all.places.length / 2, tint("--soft"), 0.45);
    context.strokeStyle = shade(flow.colour);
    context.lineWidth = Math.max(1, size / 350);
    context.globalAlpha = 0.75;
    const frame = Number(input.value);
    for (let start = frame * perFrame; start < (frame + 1) * perFrame; start += 2 * flow.line) {
      context.beginPath();
      for (let i = start; i < start + 2 * flow.line; i += 2) {
        context.lineTo(x(lines[i]), y(lines[i + 1]));
      }
      context.stroke();
    }
    dots(points, frame * 2 * flow.count, flow.count, tint("--ink"), 0.9);
    const said = flow.words[frame];
    words.textContent = said;
    input.setAttribute("aria-valuetext", said);
    canvas.setAttribute("aria-label", `${flow.name}, ${said}: draws and a grid's lines, `
      + `${all.axes[0]} across and ${all.axes[1]} up, the truth in grey`);
  }

  input.addEventListener("input", draw);
  darkScheme.addEventListener("change", draw);
  new ResizeObserver(() => {
    canvas.width = canvas.height = Math.round(canvas.clientWidth * devicePixelRatio);
    draw();
  }).observe(canvas);
  return element("div", { class: "slider" },
    element("label", { for: id }, flow.name), canvas, input, words);
}

for (const host of document.querySelectorAll("[data-sliders]")) {
  const data = JSON.parse(host.querySelector("script").textContent);
  data.places = unpack(data.truth);
  host.hidden = false;
  host.querySelector(".sliders").append(
    ...data.flows.map((flow, i) => startSlider(`${host.dataset.sliders}-${i}`, flow, data)));
}
