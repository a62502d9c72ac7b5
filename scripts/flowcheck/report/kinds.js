// What each kind of chart shows.
const minus = (text) => String(text).replaceAll("-", "−");
const rounded = (value) => minus(Number(value.toPrecision(4)));

// Of each kind: scales, data, marks and what can be pointed at, [{x, y, set, text}].
const KINDS = {
  draws(data) {
    const scale = data.limits.map(([low, high]) => [(low + high) / 2, (high - low) / 2 / data.half]);
    const points = data.sets.flatMap((set) => {
      const places = unpack(set.points);
      return Array.from({ length: places.length / 2 }, (_, i) => {
        const [x, y] = [0, 1].map((axis) => scale[axis][0] + scale[axis][1] * places[2 * i + axis]);
        const text = `${set.name}: ${data.axes[0]} = ${rounded(x)}, ${data.axes[1]} = ${rounded(y)}`;
        return { x, y, set: set.name, text };
      });
    });
    return {
      points, full: { x: data.limits[0], y: data.limits[1] }, titles: data.axes, x: {}, y: {},
      marks: [{ type: "symbol", from: { data: "shown" }, encode: { update: {
        x: { scale: "x", field: "x" }, y: { scale: "y", field: "y" }, size: { value: 10 },
        fill: { scale: "colour", field: "set" }, opacity: { value: 0.6 } } } }],
    };
  },
  elbo(data) {
    const name = data.known ? "ELBO − log p(y)" : "ELBO";
    const points = data.sets.flatMap((set) => set.curves.flatMap((curve) => curve.x.map((x, i) => ({
      x, y: curve.y[i], set: set.name, curve: `${set.name} ${curve.replicate}`,
      text: `${set.name}, replicate ${curve.replicate}, iteration ${x.toLocaleString("en")}: `
        + `${name} = ${rounded(curve.y[i])} nats`,
    }))));
    const values = points.map((point) => point.y);
    const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
    const top = data.known ? Math.max(high, 1e-3) : high + 0.05 * (high - low);
    const last = points.reduce((most, point) => Math.max(most, point.x), 2);
    const constant = data.known ? 1e-4 : 1; // nats from 0 within which the axis is linear
    const decades = Array.from({ length: 14 }, (_, i) => constant * 10 ** i);
    const ticks = decades.flatMap((size) => [1, 2, 5].map((digit) => digit * size));
    return {
      points, full: { x: [1, last], y: [low, top] }, titles: ["iteration", `${name}, nats`],
      x: { type: "log" }, y: { type: "symlog", constant },
      ticks: [...ticks.map((tick) => -tick).reverse(), 0, ...ticks],
      marks: [
        ...(data.known ? [{ type: "rule", encode: { update: {
          x: { value: 0 }, x2: { signal: "width" }, y: { scale: "y", value: 0 },
          stroke: { value: tint("--ink") }, strokeWidth: { value: 1.5 } } } }] : []),
        { type: "group", from: { facet: { name: "curve", data: "shown", groupby: "curve" } },
          marks: [{ type: "line", from: { data: "curve" }, encode: { update: {
            x: { scale: "x", field: "x" }, y: { scale: "y", field: "y" },
            stroke: { scale: "colour", field: "set" }, opacity: { value: 0.8 } } } }] },
      ],
    };
  },
  latent(data) {
    const ends = (values) => {
      const half = (values[1] - values[0]) / 2;
      return [values[0] - half, values.at(-1) + half];
    };
    const points = data.points.map(([x, y], i) => ({ x, y, set: data.labels[i], i }));
    const dots = (from, size, fill) => ({ type: "symbol", from: { data: from }, encode: { update: {
      x: { scale: "x", field: "x" }, y: { scale: "y", field: "y" }, size: { value: size }, fill } } });
    return {
      points, full: { x: ends(data.z1), y: ends(data.z2) }, titles: ["z₁", "z₂"], x: {}, y: {},
      others: data.others.map(([x, y]) => ({ x, y })),
      marks: [dots("others", 6, { value: tint("--line") }),
        dots("shown", 50, { scale: "colour", field: "set" })],
      legends: [{ fill: "colour", orient: "bottom", direction: "horizontal", title: "digit",
        columns: { signal: "width < 400 ? 5 : 10" } }],
    };
  },
};
