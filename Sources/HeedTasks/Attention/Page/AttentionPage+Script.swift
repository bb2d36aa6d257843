extension AttentionPage {
    /// What the script knows: the map, what is chosen, and the colours.
    static let script = #"""
        const map = JSON.parse(document.getElementById("data").textContent);
        const at = id => document.getElementById(id);
        const make = (name, properties = {}) => Object.assign(document.createElement(name), properties);

        /* The weights of a part are decoded when they are first looked at. */
        const decoded = new Map();
        function weightsOf(part) {
          let values = decoded.get(part);
          if (!values) {
            const text = atob(part.weights);
            values = new Float32Array(text.length / 2);
            for (let i = 0; i < values.length; i++)
              values[i] = (text.charCodeAt(2 * i) + 256 * text.charCodeAt(2 * i + 1)) / 65535;
            decoded.set(part, values);
          }
          return values;
        }

        /* Places of part, layer and head in the map; `held` and `hover` are {row, column}, either of which may be -1. */
        const state = {part: 0, layer: 0, head: 0, stretch: false, held: null, hover: null};
        const part = () => map.parts[state.part];
        const cursor = () => state.hover || state.held;

        function headWeights(layer = state.layer, head = state.head) {
          const p = part(), size = p.rows.length * p.columns.length;
          const start = (layer * p.heads.length + head) * size;
          return weightsOf(p).subarray(start, start + size);
        }

        function largest(weights) {
          let most = 0;
          for (const w of weights) if (w > most) most = w;
          return most || 1;
        }

        /* Tokens that would not be seen have signs. */
        const signs = new Map(map.signs);
        const shown = token => signs.get(token) ?? token;

        /* Colours from 0 to 1, even in OKLab's lightness, so that equal steps look equal. */
        function ramp(dark) {
          const colors = new Uint8ClampedArray(256 * 3);
          for (let i = 0; i < 256; i++) {
            const t = i / 255;
            const l = dark ? 0.21 + 0.73 * t : 1 - 0.67 * t;
            const c = dark ? 0.015 + 0.12 * Math.sin(Math.PI * 0.85 * t) : 0.15 * Math.sin(Math.PI * 0.72 * t);
            const h = (dark ? 262 - 52 * t : 232 + 30 * t) * Math.PI / 180;
            colors.set(fromOKLab(l, c * Math.cos(h), c * Math.sin(h)), 3 * i);
          }
          return colors;
        }

        function fromOKLab(lightness, a, b) {
          const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
          const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
          const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
          return [
            4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
            -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
            -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
          ].map(v => 255 * (v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055));
        }

        const ramps = [ramp(false), ramp(true)];
        const theme = {};
        function readTheme() {
          const color = (element, name) => getComputedStyle(element)[name];
          theme.paper = color(document.body, "backgroundColor");
          theme.ink = color(document.body, "color");
          theme.muted = color(at("meaning"), "color");
          theme.line = color(at("controls"), "borderTopColor");
          theme.dark = Number(theme.paper.match(/[\d.]+/)[0]) < 128;
          theme.ramp = ramps[theme.dark ? 1 : 0];
          const [r, g, b] = theme.ramp.slice(theme.dark ? 3 * 200 : 3 * 225, theme.dark ? 3 * 201 : 3 * 226);
          theme.strand = `${r},${g},${b}`;
        }

        /* Black or white, whichever is easier to read on a colour. */
        function legibleOn(r, g, b) {
          const linear = v => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
          return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) > 0.179 ? "#000" : "#fff";
        }

        const rampIndex = share => 3 * Math.round(255 * Math.min(1, share));
        """#
}
