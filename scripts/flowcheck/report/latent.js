// The latent plane: the image at the pointer, its reconstruction, and what is decoded there.
function startLatent(chart) {
  const { host, data } = chart;
  const [input, reading] = [host.querySelector("input[type=range]"), host.querySelector(".reading")];
  const rows = Math.ceil(data.points.length / data.columns);
  // A tile shows one image of a sheet with so many columns and rows.
  const show = (name, number, columns, count, label) => {
    const tile = host.querySelector(`.${name}`);
    const share = (place, of) => (of > 1 ? (100 * place) / (of - 1) : 0);
    tile.style.backgroundSize = `${100 * columns}% ${100 * count}%`;
    tile.style.backgroundPosition = `${share(number % columns, columns)}% `
      + `${share(Math.floor(number / columns), count)}%`;
    tile.setAttribute("aria-label", label);
  };
  const nearest = (values, value) => values.reduce(
    (best, one, i) => (Math.abs(one - value) < Math.abs(values[best] - value) ? i : best), 0);
  const decode = (place) => {
    const [column, row] = [nearest(data.z1, place[0]), nearest(data.z2, place[1])];
    const at = `z = (${rounded(data.z1[column])}, ${rounded(data.z2[row])})`;
    show("mesh", row * data.z1.length + column, data.z1.length, data.z2.length, `decoded at ${at}`);
    host.dataset.mesh = `${row} ${column}`;
  };
  const choose = (i) => {
    const words = `test image ${data.latent[i] + 1}, a ${data.labels[i]}`;
    show("image", i, data.columns, rows, words);
    show("decoded", i, data.columns, rows, `reconstruction of ${words}`);
    host.querySelectorAll(".bounds dd").forEach((cell, n) => {
      cell.textContent = `${minus(data.numbers[n][i].toFixed(2))} nats`;
    });
    reading.textContent = words[0].toUpperCase() + words.slice(1);
    input.value = i;
    input.setAttribute("aria-valuetext", words);
    host.dataset.latent = data.latent[i];
    host.dataset.index = data.index[i];
    chart.mark(chart.kind.points[i]);
  };
  chart.point = (point, place) => {
    decode(place);
    if (point !== null) choose(point.i);
  };
  input.addEventListener("input", () => {
    choose(Number(input.value));
    decode(data.points[input.value]);
  });
  choose(0);
  decode(data.points[0]);
}
