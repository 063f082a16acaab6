// A transparent copy of a field's text that lies exactly over the field, whatever the page does to either.

// The properties that make text in the mirror break into lines as it does in the field.
const METRICS = `direction fontFamily fontFeatureSettings fontKerning fontSize fontSizeAdjust fontStretch fontStyle
  fontVariant fontVariationSettings fontWeight hyphens letterSpacing lineBreak lineHeight overflowWrap padding tabSize textAlign textAlignLast textIndent textOrientation textRendering textTransform
  unicodeBidi whiteSpace wordBreak wordSpacing writingMode`.split(/\s+/);
const PROBE = 100; // pixels

/** Make an element; of its attributes, those that are undefined are left out. */
export function element(name, className, attributes = {}, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Where points of the window lie in a layer, which the page may have moved, zoomed, scaled or turned. */
export class Coordinates {
  constructor(layer) {
    this.layer = layer;
    this.probes = [[0, 0], [PROBE, 0], [0, PROBE]].map(([x, y]) => {
      const probe = element("i", "probe");
      Object.assign(probe.style, { left: `${x}px`, top: `${y}px` });
      return probe;
    });
    layer.append(element("div", "probes", {}, ...this.probes));
  }

  measure() {
    const [origin, right, below] = this.probes.map((probe) => probe.getBoundingClientRect());
    this.origin = origin;
    this.x = [(right.left - origin.left) / PROBE, (right.top - origin.top) / PROBE];
    this.y = [(below.left - origin.left) / PROBE, (below.top - origin.top) / PROBE];
    this.upright = Math.abs(this.x[1]) + Math.abs(this.y[0]) < 1e-4;
  }

  inLayer(left, top) {
    const { origin, x, y } = this;
    const area = x[0] * y[1] - x[1] * y[0] || 1;
    const [right, down] = [left - origin.left, top - origin.top];
    return [(right * y[1] - down * y[0]) / area, (down * x[0] - right * x[1]) / area];
  }
}

/** The text of a textarea or an input, its letters transparent, over the letters of the field. */
export class Mirror {
  constructor(field, coordinates, className) {
    this.field = field;
    this.coordinates = coordinates;
    // Earlier lines have a block of their own: while the last one is typed, the browser need not lay them out anew.
    this.past = element("div");
    this.line = element("div");
    this.before = document.createTextNode("");
    this.line.append(this.before);
    this.page = element("div", "page", {}, element("div", "flow", {}, this.past, this.line));
    this.view = element("div", className, { "aria-hidden": "true" }, this.page);
    this.view.hidden = true;
    coordinates.layer.append(this.view);
  }

  setText(text) {
    const cut = text.lastIndexOf("\n") + 1;
    const past = text.slice(0, cut);
    if (this.past.textContent !== past) this.past.textContent = past;
    this.before.data = text.slice(cut);
  }

  /** Lay the view over the inside of the field's frame, and the page in it as the field is scrolled. */
  align() {
    const { element: field, oneLine } = this.field;
    const { view, page, line, coordinates } = this;
    coordinates.measure();
    const style = getComputedStyle(field);
    for (const name of METRICS) page.style[name] = style[name];
    if (oneLine) page.style.whiteSpace = "pre";
    line.style.textIndent = this.past.firstChild ? "0" : "";
    const zoom = (field.currentCSSZoom ?? 1) / (coordinates.layer.currentCSSZoom ?? 1);
    const turned = style.transform !== "none" || style.rotate !== "none" || style.scale !== "none";
    const frame = field.getBoundingClientRect();
    const exact = coordinates.upright && !turned;
    const width = exact ? frame.width / coordinates.x[0] / zoom : field.offsetWidth;
    const height = exact ? frame.height / coordinates.y[1] / zoom : field.offsetHeight;
    const [left, right, top, bottom] = ["Left", "Right", "Top", "Bottom"].map((side) =>
      parseFloat(style[`border${side}Width`]));
    const bar = (all, inner, frames) => Math.max(0, Math.round(all - inner - frames - 0.4));
    const barWidth = bar(field.offsetWidth, field.clientWidth, left + right);
    const barHeight = bar(field.offsetHeight, field.clientHeight, top + bottom);
    const barLeft = field.clientLeft > left + 1 ? barWidth : 0;
    const middle = coordinates.inLayer(frame.left + frame.width / 2, frame.top + frame.height / 2);
    const linear = new DOMMatrix(style.transform === "none" ? "" : style.transform);
    Object.assign(linear, { m41: 0, m42: 0 });
    const [x, y] = [left + barLeft, top];
    Object.assign(view.style, {
      left: `${middle[0] / zoom - width / 2 + x}px`,
      top: `${middle[1] / zoom - height / 2 + y}px`,
      width: `${width - left - right - barWidth}px`,
      height: `${height - top - bottom - barHeight}px`,
      transform: linear.isIdentity ? "" : linear.toString(),
      rotate: style.rotate,
      scale: style.scale,
      transformOrigin: `${width / 2 - x}px ${height / 2 - y}px`,
      zoom: zoom === 1 ? "" : zoom,
    });
    view.style.setProperty("--tsuzuki-text", style.color);
    view.style.zIndex = /^\d+$/.test(style.zIndex) ? style.zIndex : 0;
    // In such an input the letters themselves stand in the middle, not their line.
    const content = height - top - bottom - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
    const higher = field.type === "search" || content > parseFloat(style.lineHeight) + 0.1;
    if (oneLine && higher) page.style.lineHeight = "normal";
    const upright = style.writingMode.startsWith("horizontal");
    Object.assign(page.style, {
      width: upright ? "100%" : "auto",
      height: upright && !oneLine ? "auto" : "100%",
      inset: style.writingMode.endsWith("-rl") ? "0 0 auto auto" : "0 auto auto 0",
      display: oneLine ? "flex" : "block",
      transform: `translate(${-field.scrollLeft}px, ${-field.scrollTop}px)`,
    });
    return style;
  }
}
