extension AttentionPage {
    /// How the script draws: thumbnails, strands between words, and the heat map.
    static let drawing = #"""
        const measure = document.createElement("canvas").getContext("2d");
        function textWidth(texts, size) {
          measure.font = `${size}px ${getComputedStyle(document.body).fontFamily}`;
          let widest = 0;
          for (const text of texts) widest = Math.max(widest, measure.measureText(text.slice(0, 60)).width);
          return Math.ceil(widest);
        }

        /* A canvas of this size in CSS pixels, sharp on every screen. */
        function prepare(canvas, width, height) {
          const ratio = Math.min(window.devicePixelRatio || 1, 16000 / Math.max(width, height, 1));
          canvas.width = Math.max(1, Math.round(width * ratio));
          canvas.height = Math.max(1, Math.round(height * ratio));
          canvas.style.width = width + "px";
          canvas.style.height = height + "px";
          const context = canvas.getContext("2d");
          context.setTransform(ratio, 0, 0, ratio, 0, 0);
          return context;
        }

        /* Weights as a picture of one pixel each. */
        function pixels(weights, columns, rows, most) {
          const image = new ImageData(columns, rows);
          for (let i = 0; i < weights.length; i++) {
            const color = rampIndex(weights[i] / most);
            for (let k = 0; k < 3; k++) image.data[4 * i + k] = theme.ramp[color + k];
            image.data[4 * i + 3] = 255;
          }
          return image;
        }

        function drawThumbs() {
          const p = part(), rows = p.rows.length, columns = p.columns.length;
          for (const button of at("grid").querySelectorAll("button")) {
            const weights = headWeights(+button.dataset.layer, +button.dataset.head);
            const canvas = button.firstChild;
            canvas.width = columns;
            canvas.height = rows;
            canvas.getContext("2d").putImageData(
              pixels(weights, columns, rows, state.stretch ? largest(weights) : 1), 0, 0);
          }
        }

        function drawScale(most) {
          const image = new ImageData(256, 1);
          for (let i = 0; i < 256; i++) image.data.set([...theme.ramp.slice(3 * i, 3 * i + 3), 255], 4 * i);
          at("scale").getContext("2d").putImageData(image, 0, 0);
          at("scale-low").textContent = "0";
          at("scale-high").textContent = most === 1 ? "1" : most.toFixed(3);
        }

        /* Sizes of the heat map: those of a field, of its labels, and of the room for them. */
        const layout = {};
        function layOut() {
          const p = part(), count = Math.max(p.rows.length, p.columns.length);
          layout.font = count <= 16 ? 14 : count <= 36 ? 12.5 : 11;
          layout.step = count <= 16 ? 27 : count <= 36 ? 20 : 13.5;
          layout.word = Math.max(40, Math.min(count <= 36 ? 130 : 90, innerWidth / 2 - 123));
          const widths = [p.rows, p.columns].map(tokens => Math.min(layout.word, textWidth(tokens.map(shown), layout.font) + 4));
          layout.side = widths[0];
          layout.top = widths[1];
          const least = count > 400 ? 4 : layout.font + 1.5;
          const fitting = width => (width - layout.side - 0.62 * layout.top - 12) / p.columns.length;
          const ribbon = room => Math.max(110, Math.min(230, room / (count <= 16 ? 5 : 11)));
          const beside = room => fitting(room - ribbon(room) - widths[0] - widths[1] - 84 - 5 * layout.font);
          /* Thumbnails go above where they would leave too little room for both views. Only the window's width decides:
             that of the page changes with its height. */
          const isStrip = beside(Math.min(1800, innerWidth) - 60 - Math.min(layout.glance, 0.46 * innerWidth, 860)) < 22;
          document.querySelector("main").classList.toggle("strip", isStrip || innerWidth < 1000);
          const room = Math.max(320, at("views").clientWidth);
          layout.ribbon = ribbon(room);
          /* Beside the strands where the fields stay large enough there, else below them. */
          const isBeside = beside(room) >= (count > 24 ? 9.5 : 22);
          layout.field = isBeside ? Math.min(count > 24 ? 26 : 46, beside(room))
            : Math.max(least, Math.min(count > 24 ? 26 : 46, fitting(room)));
          layout.label = Math.min(layout.font, Math.max(9, layout.field - 1.5));
          layout.right = Math.max(8, 0.62 * layout.top - layout.field / 2);
          layout.height = 0.8 * layout.top + layout.label;
        }

        function place(tokens, box, style) {
          box.replaceChildren(...tokens.map((token, i) => {
            const span = make("span", {textContent: shown(token), title: token, dir: "auto"});
            Object.assign(span.style, style(i));
            return span;
          }));
        }

        function buildHeat() {
          const p = part(), {field, side, top, height, right, label} = layout;
          const sizes = {"--size": layout.font, "--label": label, "--step": layout.step, "--word": layout.word};
          for (const [name, value] of Object.entries(sizes)) at("full").style.setProperty(name, value + "px");
          const skipped = field < label;
          place(skipped ? [] : p.columns, at("top"), c => ({
            left: side + 8 + (c + 0.5) * field + label / 3 + "px", top: height - label - 2 + "px", maxWidth: top + "px"}));
          place(skipped ? [] : p.rows, at("side"), r => ({
            left: 0, width: side + "px", top: height + 4 + (r + 0.5) * field - label / 2 - 1 + "px"}));
          const box = at("field").style;
          box.width = side + 8 + p.columns.length * field + right + "px";
          box.height = height + 6 + p.rows.length * field + "px";
          at("cells").style.left = side + 8 + "px";
          at("cells").style.top = height + 4 + "px";
        }

        function drawHeat(weights, most) {
          const p = part(), rows = p.rows.length, columns = p.columns.length, {field} = layout;
          const context = prepare(at("cells"), columns * field, rows * field);
          const small = make("canvas", {width: columns, height: rows});
          small.getContext("2d").putImageData(pixels(weights, columns, rows, most), 0, 0);
          context.imageSmoothingEnabled = false;
          context.drawImage(small, 0, 0, columns * field, rows * field);
          context.strokeStyle = theme.line;
          context.lineWidth = 1;
          context.strokeRect(0.5, 0.5, columns * field - 1, rows * field - 1);
          if (field >= 34) drawNumbers(context, weights, most);
          const {row, column} = cursor() || {row: -1, column: -1};
          const frame = (x, y, w, h) => {
            for (const [color, inset] of [[theme.paper, 0.5], [theme.ink, 2]]) {
              context.strokeStyle = color;
              context.lineWidth = 2;
              context.strokeRect(x + inset, y + inset, w - 2 * inset, h - 2 * inset);
            }
          };
          if (row >= 0 && column >= 0) frame(column * field, row * field, field, field);
          else if (row >= 0) frame(0, row * field, columns * field, field);
          else if (column >= 0) frame(column * field, 0, field, rows * field);
        }

        function drawNumbers(context, weights, most) {
          const columns = part().columns.length, {field} = layout;
          context.font = `11.5px ${getComputedStyle(document.body).fontFamily}`;
          context.textAlign = "center";
          context.textBaseline = "middle";
          for (let i = 0; i < weights.length; i++) {
            if (weights[i] < 0.005) continue;
            const color = rampIndex(weights[i] / most);
            context.fillStyle = legibleOn(...theme.ramp.slice(color, color + 3));
            context.fillText(weights[i].toFixed(2), (i % columns + 0.5) * field, (Math.floor(i / columns) + 0.5) * field);
          }
        }

        function buildStrands() {
          const p = part();
          const list = (id, tokens, isLeft) => at(id).replaceChildren(...tokens.map((token, i) => {
            const word = make("span", {className: "word", textContent: shown(token), title: token, dir: "auto"});
            const item = make("li");
            item.append(...(isLeft ? [make("span", {className: "weight"}), word] : [word, make("span", {className: "weight"})]));
            item.dataset.index = i;
            return item;
          }));
          list("left", p.rows, true);
          list("right", p.columns, false);
        }

        function drawStrands(weights, most) {
          const p = part(), rows = p.rows.length, columns = p.columns.length, {step} = layout;
          const width = layout.ribbon;
          const context = prepare(at("ribbon"), width, Math.max(rows, columns) * step);
          /* Stretched weights that are nearly even would fill the picture. */
          const [least, power] = state.stretch ? [0.1, 1.7] : [0.02, 1];
          const {row, column} = cursor() || {row: -1, column: -1};
          const strand = (r, c, share, opacity) => {
            context.strokeStyle = `rgba(${theme.strand},${opacity * (0.08 + 0.92 * share)})`;
            context.lineWidth = 0.6 + 3.4 * share;
            context.beginPath();
            context.moveTo(0, (r + 0.5) * step);
            context.bezierCurveTo(width / 2, (r + 0.5) * step, width / 2, (c + 0.5) * step, width, (c + 0.5) * step);
            context.stroke();
          };
          const chosen = (r, c) => (row < 0 || r === row) && (column < 0 || c === column);
          const later = [];
          for (let r = 0; r < rows; r++)
            for (let c = 0; c < columns; c++) {
              const w = weights[r * columns + c];
              if (w < least * most && !(chosen(r, c) && cursor())) continue;
              if (chosen(r, c)) later.push([r, c, w]);
              else strand(r, c, (w / most) ** power, 0.1);
            }
          /* The strands of one word are compared with one another. */
          const top = cursor() ? Math.max(...later.map(([, , w]) => w), 0.05) : most;
          for (const [r, c, w] of later) strand(r, c, (w / top) ** (cursor() ? 1 : power), 1);
          const mark = (id, on, weight) => {
            for (const item of at(id).children) {
              const i = +item.dataset.index, value = weight(i);
              item.classList.toggle("on", i === on);
              item.querySelector(".weight").textContent = value === null ? "" : value.toFixed(2);
            }
          };
          mark("left", row, r => column >= 0 && (row < 0 || r === row) ? weights[r * columns + column] : null);
          mark("right", column, c => row >= 0 && (column < 0 || c === column) ? weights[row * columns + c] : null);
          for (const [id, on] of [["side", row], ["top", column]])
            [...at(id).children].forEach((span, i) => span.classList.toggle("on", i === on));
        }
        """#
}
