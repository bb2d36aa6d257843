extension FigurePage {
    /// Shows the values at the pointer, or, with the arrow keys, at one point or field after the other.
    static let script = """
        const charts = JSON.parse(document.getElementById("data").textContent);
        const figure = document.querySelector("figure");
        const svg = figure.querySelector("svg");
        const tip = document.getElementById("tip");
        const space = "http://www.w3.org/2000/svg";
        /* What hints of the picture say is shown below, at once and for every field. */
        for (const hint of svg.querySelectorAll("g title")) hint.remove();
        const marks = svg.appendChild(document.createElementNS(space, "g"));
        let current = 0;
        /* A place along the axis of a chart, or {row, column} of a heat map. */
        let at = null;

        function nearest(points, x) {
            let low = 0;
            let high = points.length - 1;
            while (low < high) {
                const middle = (low + high) >> 1;
                if (points[middle][0] < x) low = middle + 1; else high = middle;
            }
            return low > 0 && x - points[low - 1][0] < points[low][0] - x ? low - 1 : low;
        }

        function add(parent, name, attributes) {
            const element = parent.appendChild(document.createElementNS(space, name));
            for (const key in attributes) element.setAttribute(key, attributes[key]);
        }

        function show(chart, x, client) {
            const found = chart.series.filter(one => one.points.length > 0).map(one => {
                return {series: one, point: one.points[nearest(one.points, x)]};
            });
            if (found.length === 0) return hide();
            const [left, top, width, height] = chart.frame;
            const closest = found.reduce((a, b) =>
                Math.abs(b.point[0] - x) < Math.abs(a.point[0] - x) ? b : a).point;
            const shown = found.filter(one => Math.abs(one.point[0] - closest[0]) <= width / 20);
            marks.replaceChildren();
            add(marks, "line", {class: "a", x1: closest[0], x2: closest[0], y1: top, y2: top + height});
            tip.replaceChildren();
            const head = tip.appendChild(document.createElement("b"));
            head.textContent = chart.x + " " + closest[2];
            for (const one of shown) {
                add(marks, "circle", {class: "f" + one.series.color, cx: one.point[0], cy: one.point[1], r: 4});
                const row = tip.appendChild(document.createElement("div"));
                const dot = row.appendChild(document.createElement("i"));
                const sample = svg.querySelector(".s" + one.series.color);
                if (sample) dot.style.background = getComputedStyle(sample).stroke;
                row.append(one.series.name + ": " + one.point[3]);
            }
            at = closest[0];
            placeTip(client);
        }

        function showField(map, field, client) {
            const [left, top, width, height] = map.frame;
            const [w, h] = [width / map.columns.length, height / map.rows.length];
            marks.replaceChildren();
            for (const [style, margin] of [["g", 1], ["a", 0]])
                add(marks, "rect", {
                    class: style, fill: "none", x: left + field.column * w - margin, y: top + field.row * h - margin,
                    width: w + 2 * margin, height: h + 2 * margin});
            tip.replaceChildren();
            tip.appendChild(document.createElement("b")).textContent = `${map.rows[field.row]} · ${map.columns[field.column]}`;
            tip.appendChild(document.createElement("div")).textContent = map.values[field.row][field.column];
            at = field;
            placeTip(client);
        }

        function placeTip(client) {
            tip.hidden = false;
            const box = tip.getBoundingClientRect();
            const right = client.x + 16 + box.width > innerWidth;
            tip.style.left = Math.max(0, right ? client.x - 16 - box.width : client.x + 16) + "px";
            tip.style.top = Math.max(0, Math.min(client.y + 12, innerHeight - box.height - 4)) + "px";
        }

        function hide() {
            marks.replaceChildren();
            tip.hidden = true;
            at = null;
        }

        function onScreen(x, y) {
            return new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
        }

        svg.addEventListener("pointermove", event => {
            const point = new DOMPoint(event.clientX, event.clientY)
                .matrixTransform(svg.getScreenCTM().inverse());
            const index = charts.findIndex(({frame: [x, y, width, height]}) =>
                point.x >= x - 4 && point.x <= x + width + 4 && point.y >= y && point.y <= y + height);
            if (index < 0) return hide();
            current = index;
            const chart = charts[index], client = {x: event.clientX, y: event.clientY};
            if (chart.series) return show(chart, point.x, client);
            const [left, top, width, height] = chart.frame;
            const count = (list, share) => Math.max(0, Math.min(list.length - 1, Math.floor(share * list.length)));
            showField(chart, {
                row: count(chart.rows, (point.y - top) / height), column: count(chart.columns, (point.x - left) / width)}, client);
        });
        svg.addEventListener("pointerleave", hide);

        figure.addEventListener("keydown", event => {
            const steps = {ArrowLeft: -1, ArrowRight: 1};
            const charted = {ArrowUp: -1, ArrowDown: 1};
            if (event.key === "Escape") return hide();
            if (!(event.key in steps) && !(event.key in charted)) return;
            event.preventDefault();
            const map = charts[current];
            const row = at === null || map.series ? -1 : at.row + (charted[event.key] || 0);
            if (event.key in charted && !(row in (map.rows || []))) {
                current = (current + charted[event.key] + charts.length) % charts.length;
                at = null;
            }
            const chart = charts[current];
            if (!chart.series) {
                const field = at === null ? {row: 0, column: 0} : {row, column: at.column + (steps[event.key] || 0)};
                field.column = Math.max(0, Math.min(chart.columns.length - 1, field.column));
                const [left, top, width, height] = chart.frame;
                return showField(chart, field, onScreen(
                    left + (field.column + 1) * width / chart.columns.length, top + (field.row + 1) * height / chart.rows.length));
            }
            const all = [...new Set(chart.series.flatMap(one => one.points.map(point => point[0])))];
            all.sort((a, b) => a - b);
            if (all.length === 0) return;
            let index = at === null ? 0 : all.findIndex(x => x >= at) + (steps[event.key] || 0);
            index = Math.max(0, Math.min(all.length - 1, index));
            show(chart, all[index], onScreen(all[index], chart.frame[1]));
        });
        figure.addEventListener("blur", hide);

        """
}
