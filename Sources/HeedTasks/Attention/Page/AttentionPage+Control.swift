extension AttentionPage {
    /// How the script answers: pickers, pointer and keys. What changed is drawn once, with the next frame.
    static let control = #"""
        let asked = false;
        const stale = {thumbs: true, layout: true};
        function redraw(change = {}) {
          Object.assign(stale, change);
          if (asked) return;
          asked = true;
          requestAnimationFrame(() => { asked = false; draw(); });
        }

        function draw() {
          if (!map.parts.length) return;
          if (stale.layout) { layOut(); buildStrands(); buildHeat(); }
          seek();
          if (stale.thumbs) drawThumbs();
          const weights = headWeights(), most = state.stretch ? largest(weights) : 1;
          drawHeat(weights, most);
          drawStrands(weights, most);
          drawScale(most);
          read(weights);
          Object.assign(stale, {thumbs: false, layout: false});
          document.body.dataset.shown = name();
          document.body.dataset.draws = 1 + Number(document.body.dataset.draws || 0);
        }

        const name = () => `${part().kind}.${part().layers[state.layer]}.${part().heads[state.head]}`;

        /* Says in words what the cursor is at. */
        function read(weights) {
          const p = part(), {row, column} = cursor() || {row: -1, column: -1}, columns = p.columns.length;
          const quote = token => make("bdi", {textContent: `“${shown(token)}”`});
          const list = (items, of) => items.sort((a, b) => b[1] - a[1]).slice(0, 3)
            .flatMap(([i, w], k) => [k ? ", " : "", quote(of[i]), " " + w.toFixed(3)]);
          let words = ["Point at a word or a weight."];
          if (row >= 0 && column >= 0)
            words = [quote(p.rows[row]), " attends to ", quote(p.columns[column]), " with ",
              make("b", {id: "value", textContent: weights[row * columns + column].toFixed(3)})];
          else if (row >= 0)
            words = [quote(p.rows[row]), " attends most to ", ...list(p.columns.map((_, c) => [c, weights[row * columns + c]]), p.columns)];
          else if (column >= 0)
            words = [quote(p.columns[column]), " is attended to most by ",
              ...list(p.rows.map((_, r) => [r, weights[r * columns + column]]), p.rows)];
          at("readout").replaceChildren(...words);
        }

        function show(layer, head) {
          const p = part();
          state.layer = Math.max(0, Math.min(p.layers.length - 1, layer));
          state.head = Math.max(0, Math.min(p.heads.length - 1, head));
          at("layer").value = state.layer;
          at("head").value = state.head;
          for (const button of at("grid").querySelectorAll("button")) {
            const isChosen = +button.dataset.layer === state.layer && +button.dataset.head === state.head;
            button.setAttribute("aria-pressed", isChosen);
            button.tabIndex = isChosen ? 0 : -1;
          }
          at("full-title").textContent = `${p.title}, layer ${p.layers[state.layer]}, head ${p.heads[state.head]}`;
          try { history.replaceState(null, "", "#" + name()); } catch { /* a page in a frame may have no history */ }
          redraw();
        }

        function showPart(index, layer = state.layer, head = state.head) {
          state.part = index;
          state.held = state.hover = null;
          const p = part();
          const options = numbers => numbers.map((number, i) => make("option", {value: i, textContent: number}));
          at("layer").replaceChildren(...options(p.layers));
          at("head").replaceChildren(...options(p.heads));
          at("kinds").querySelectorAll("input").forEach((input, i) => { input.checked = i === index; });
          at("asks").textContent = p.row;
          at("asked").textContent = p.column;
          at("meaning").textContent = p.meaning;
          buildGrid(p);
          redraw({thumbs: true, layout: true});
          show(layer, head);
        }

        function buildGrid(p) {
          const ratio = p.rows.length / Math.max(1, p.columns.length);
          const size = p.heads.length <= 8 ? 76 : p.heads.length <= 12 ? 60 : 46;
          const count = p.layers.length * p.heads.length;
          const small = Math.max(24, Math.min(count <= 24 ? 48 : count <= 60 ? 38 : 26, (innerWidth - 76) / p.heads.length - 5));
          const height = size => Math.round(size * Math.max(0.5, Math.min(1.6, ratio)));
          const label = text => make("span", {className: "name", textContent: text});
          const heads = make("div", {className: "layer heads"});
          heads.append(label(""), ...p.heads.map(head => label(head)));
          at("grid").replaceChildren(heads, ...p.layers.map((layer, l) => {
            const group = make("div", {className: "layer"});
            group.append(label(layer), ...p.heads.map((head, h) => {
              const button = make("button", {className: "thumb", type: "button", title: `layer ${layer}, head ${head}`});
              button.setAttribute("aria-label", `layer ${layer}, head ${head}`);
              Object.assign(button.dataset, {layer: l, head: h});
              const canvas = make("canvas");
              canvas.style.imageRendering = Math.max(p.rows.length, p.columns.length) < small ? "pixelated" : "auto";
              button.append(canvas);
              return button;
            }));
            return group;
          }));
          const style = at("grid").style, sizes = {
            "--width": size, "--height": height(size), "--small-width": small, "--small-height": Math.min(small, height(small))};
          for (const [name, value] of Object.entries(sizes)) style.setProperty(name, value + "px");
          style.gridTemplateColumns = `auto repeat(${p.heads.length}, max-content)`;
          layout.glance = p.heads.length * (size + 6) + 60;
        }

        /* Scrolls the thumbnails to the chosen one. */
        function seek() {
          const grid = at("grid"), chosen = grid.querySelector("[aria-pressed=true]").getBoundingClientRect();
          const frame = grid.getBoundingClientRect();
          const below = chosen.bottom + 8 - frame.bottom, above = frame.top - chosen.top + 8;
          if (below > 0) grid.scrollTop += below; else if (above > 0) grid.scrollTop -= above;
        }

        /* Moves of the arrow keys as [down, right]. */
        const moves = {ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1]};
        const modified = event => event.altKey || event.ctrlKey || event.metaKey;

        at("grid").addEventListener("click", event => {
          const button = event.target.closest("button");
          if (button) show(+button.dataset.layer, +button.dataset.head);
        });
        at("grid").addEventListener("keydown", event => {
          const move = moves[event.key];
          if (!move || modified(event)) return;
          event.preventDefault();
          show(state.layer + move[0], state.head + move[1]);
          at("grid").querySelector("[aria-pressed=true]").focus();
        });

        function fieldUnder(event) {
          const box = at("cells").getBoundingClientRect(), p = part();
          const row = Math.floor((event.clientY - box.top) / box.height * p.rows.length);
          const column = Math.floor((event.clientX - box.left) / box.width * p.columns.length);
          return row < 0 || column < 0 || row >= p.rows.length || column >= p.columns.length ? null : {row, column};
        }

        /* Scrolls no further than it takes to see a field. */
        function reveal({row, column}) {
          const {field, side, height} = layout, spot = make("i");
          Object.assign(spot.style, {left: side + 8 + column * field + "px", top: height + 4 + row * field + "px",
            width: field + "px", height: field + "px"});
          at("field").append(spot);
          spot.scrollIntoView({block: "nearest", inline: "nearest"});
          spot.remove();
        }

        const same = (a, b) => a === b || (a && b && a.row === b.row && a.column === b.column);
        function hover(place) {
          if (same(place, state.hover)) return;
          state.hover = place;
          redraw();
        }
        function hold(place) {
          state.held = same(place, state.held) ? null : place;
          redraw();
        }

        at("cells").addEventListener("pointermove", event => hover(fieldUnder(event)));
        at("cells").addEventListener("pointerleave", () => hover(null));
        at("cells").addEventListener("click", event => hold(fieldUnder(event)));
        at("field").addEventListener("keydown", event => {
          if (modified(event)) return;
          const p = part(), last = {row: p.rows.length - 1, column: p.columns.length - 1};
          const {row, column} = state.held || {row: -1, column: -1};
          const move = moves[event.key];
          let next;
          if (move) next = state.held ? {row: row + move[0], column: column + move[1]} : {row: 0, column: 0};
          else if (event.key === "Home") next = {row, column: 0};
          else if (event.key === "End") next = {row, column: last.column};
          else if (event.key === "PageUp") next = {row: 0, column};
          else if (event.key === "PageDown") next = {row: last.row, column};
          else if (event.key === "Escape") { state.held = state.hover = null; redraw(); return; }
          else return;
          event.preventDefault();
          const inside = (value, end) => Math.max(0, Math.min(end, value));
          state.hover = null;
          state.held = {row: inside(next.row, last.row), column: inside(next.column, last.column)};
          reveal(state.held);
          redraw();
        });

        for (const [id, placeOf] of [["left", i => ({row: i, column: -1})], ["right", i => ({row: -1, column: i})]]) {
          const at_ = event => event.target.closest("li");
          at(id).addEventListener("pointerover", event => { const item = at_(event); if (item) hover(placeOf(+item.dataset.index)); });
          at(id).addEventListener("pointerleave", () => hover(null));
          at(id).addEventListener("click", event => { const item = at_(event); if (item) hold(placeOf(+item.dataset.index)); });
        }

        at("controls").addEventListener("submit", event => event.preventDefault());
        at("layer").addEventListener("change", event => show(+event.target.value, state.head));
        at("head").addEventListener("change", event => show(state.layer, +event.target.value));
        at("stretch").addEventListener("change", event => { state.stretch = event.target.checked; redraw({thumbs: true}); });
        at("theme").addEventListener("change", event => { document.documentElement.dataset.theme = event.target.value; recolor(); });
        function recolor() { readTheme(); redraw({thumbs: true}); }
        matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolor);
        new ResizeObserver(() => redraw({layout: true})).observe(at("views"));

        function start() {
          at("source").textContent = map.source ?? "";
          at("target").textContent = map.target;
          at("arrow").hidden = map.source === null;
          at("absence").textContent = map.absence && `(${map.absence})`;
          readTheme();
          /* Many words share what a row gives: on a scale to 1 their weights would hardly be seen. */
          at("stretch").checked = state.stretch = map.parts.some(p => p.columns.length > 20);
          if (!map.parts.length) {
            at("full-title").textContent = "There is nothing to attend to";
            return;
          }
          map.parts.forEach((p, i) => {
            const label = make("label", {className: "kind"});
            label.append(make("input", {type: "radio", name: "kind", value: p.kind}), p.name);
            label.firstChild.addEventListener("change", () => showPart(i));
            at("kinds").append(label);
          });
          const [kind, layer, head] = location.hash.slice(1).split(".");
          const wanted = map.parts.findIndex(p => p.kind === kind);
          if (wanted >= 0)
            showPart(wanted, map.parts[wanted].layers.indexOf(+layer), map.parts[wanted].heads.indexOf(+head));
          else showPart(map.parts.length - 1, map.parts[map.parts.length - 1].layers.length - 1, 0);
        }
        start();
        """#
}
