/* Draws each table of the dashboard as an SVG whose bars are links, and saves it as a PNG. Nothing is loaded. */
(() => {
    "use strict";

    const NAMESPACE = "http://www.w3.org/2000/svg";
    const FONT = "12px system-ui, sans-serif";
    const ROW = 30;
    const HEIGHT = 220;
    const compact = new Intl.NumberFormat(document.documentElement.lang || "en", { notation: "compact" });
    const pen = document.createElement("canvas").getContext("2d");
    pen.font = FONT;

    function make(name, attributes, parent, text) {
        const made = document.createElementNS(NAMESPACE, name);
        for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
        if (text !== undefined) made.textContent = text;
        if (parent) parent.append(made);
        return made;
    }

    function width(text) {
        return pen.measureText(text).width;
    }

    function shortened(text, room) {
        if (width(text) <= room) return text;
        let length = text.length;
        while (length > 1 && width(`${text.slice(0, length)}…`) > room) length -= 1;
        return `${text.slice(0, length)}…`;
    }

    /* What the table says: the names of its columns, and rows of a label with points. */
    function read(figure) {
        const series = [...figure.querySelectorAll("thead th")].slice(1).map((cell) => cell.textContent);
        const rows = [...figure.querySelectorAll("tbody tr")].map((row) => ({
            label: row.querySelector("th").textContent,
            points: [...row.querySelectorAll("td")].map((cell) => ({
                value: Number(cell.dataset.value) || 0,
                text: cell.textContent.trim(),
                url: cell.querySelector("a") ? cell.querySelector("a").getAttribute("href") : "",
            })),
        }));
        return { series, rows };
    }

    /* The least of 1, 2, 2.5 and 5 times a power of ten that divides up to the value in five steps or fewer. */
    function stepFor(highest) {
        const rough = Math.max(highest, 1) / 4;
        const power = 10 ** Math.floor(Math.log10(rough));
        return Math.max(1, [1, 2, 2.5, 5, 10].map((each) => each * power).find((each) => each >= rough));
    }

    function link(svg, point, label, name) {
        const says = `${label}, ${name}: ${point.text}`;
        const found = make("a", { href: point.url || "#", "aria-label": says }, svg);
        make("title", {}, found, says);
        return found;
    }

    function legend(svg, series, colours) {
        if (series.length < 2) return;
        let left = 0;
        series.forEach((name, number) => {
            make("rect", { x: left, y: 2, width: 10, height: 10, rx: 2, fill: colours[number] }, svg);
            make("text", { x: left + 15, y: 11, fill: colours.text }, svg, name);
            left += 15 + width(name) + 18;
        });
    }

    function drawColumns(svg, { series, rows }, room, colours) {
        const highest = Math.max(...rows.flatMap((row) => row.points.map((point) => point.value)));
        const step = stepFor(highest);
        const top = step * Math.max(1, Math.ceil(highest / step));
        const marks = Array.from({ length: Math.round(top / step) + 1 }, (_, number) => number * step);
        const left = Math.max(...marks.map((mark) => width(compact.format(mark)))) + 8;
        const first = series.length > 1 ? 26 : 10;
        const bottom = HEIGHT - 22;
        const high = (value) => bottom - (value / top) * (bottom - first);
        legend(svg, series, colours);
        for (const mark of marks) {
            make("line", { x1: left, x2: room, y1: high(mark), y2: high(mark), stroke: colours.line }, svg);
            make("text", { x: left - 6, y: high(mark) + 4, "text-anchor": "end", fill: colours.text }, svg, compact.format(mark));
        }
        const slot = (room - left) / rows.length;
        const bar = Math.min(28, (slot * 0.72) / series.length);
        const every = Math.ceil((Math.max(...rows.map((row) => width(row.label))) + 12) / slot);
        rows.forEach((row, number) => {
            const middle = left + slot * (number + 0.5);
            row.points.forEach((point, each) => {
                const x = middle + (each - series.length / 2) * bar;
                const held = link(svg, point, row.label, series[each]);
                const y = high(point.value);
                make("rect", { x, y: first, width: bar, height: bottom - first, fill: "transparent" }, held);
                make("rect", { x, y, width: Math.max(1, bar - 1), height: bottom - y, rx: 2, fill: colours[each] }, held);
            });
            if (number % every === 0) {
                make("text", { x: middle, y: HEIGHT - 5, "text-anchor": "middle", fill: colours.text }, svg, row.label);
            }
        });
        return HEIGHT;
    }

    function drawBars(svg, { series, rows }, room, colours) {
        const highest = Math.max(1, ...rows.map((row) => row.points[0].value));
        const left = Math.min(room * 0.36, Math.max(...rows.map((row) => width(row.label))) + 2);
        const right = Math.min(room * 0.4, Math.max(...rows.map((row) => width(row.points[0].text))) + 2);
        const space = room - left - right - 16;
        rows.forEach((row, number) => {
            const [point] = row.points;
            const y = number * ROW;
            const held = link(svg, point, row.label, series[0]);
            const long = Math.max(2, (point.value / highest) * space);
            make("text", { x: 0, y: y + 19, fill: colours.text }, held, shortened(row.label, left));
            make("rect", { x: left + 8, y: y + 4, width: space, height: ROW - 10, rx: 3, fill: colours.soft }, held);
            make("rect", { x: left + 8, y: y + 4, width: long, height: ROW - 10, rx: 3, fill: colours[0] }, held);
            make("text", { x: room, y: y + 19, "text-anchor": "end", fill: colours.strong }, held, shortened(point.text, right));
        });
        return rows.length * ROW;
    }

    function coloursOf(figure) {
        const style = getComputedStyle(figure);
        const colour = (name) => style.getPropertyValue(`--chart-${name}`).trim();
        return {
            0: colour(1), 1: colour(2), text: colour("text"), strong: colour("strong"), line: colour("line"),
            soft: colour("soft"), back: colour("back"),
        };
    }

    function draw(figure) {
        const said = read(figure);
        const box = getComputedStyle(figure);
        const room = figure.clientWidth - parseFloat(box.paddingLeft) - parseFloat(box.paddingRight);
        if (!said.rows.length || room <= 0) return;
        const old = figure.querySelector("svg");
        const svg = make("svg", { role: "group", "aria-label": figure.querySelector("h3").textContent, style: `font: ${FONT}` });
        const drawing = figure.dataset.kind === "bars" ? drawBars : drawColumns;
        const height = drawing(svg, said, room, coloursOf(figure));
        svg.setAttribute("viewBox", `0 0 ${room} ${height}`);
        svg.setAttribute("width", room);
        svg.setAttribute("height", height);
        if (old) old.replaceWith(svg);
        else figure.querySelector("details").before(svg);
    }

    /* The chart with its title on the colour of its card, at twice the size. */
    async function save(figure) {
        const margin = 16;
        const head = 34;
        const svg = figure.querySelector("svg").cloneNode(true);
        const [wide, high] = [Number(svg.getAttribute("width")), Number(svg.getAttribute("height"))];
        const image = new Image();
        image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`;
        await image.decode();
        const canvas = document.createElement("canvas");
        canvas.width = (wide + 2 * margin) * 2;
        canvas.height = (high + 2 * margin + head) * 2;
        const paper = canvas.getContext("2d");
        const colours = coloursOf(figure);
        paper.scale(2, 2);
        paper.fillStyle = colours.back;
        paper.fillRect(0, 0, canvas.width, canvas.height);
        paper.fillStyle = colours.strong;
        paper.font = "600 15px system-ui, sans-serif";
        paper.fillText(figure.querySelector("h3").textContent, margin, margin + 14);
        paper.drawImage(image, margin, margin + head, wide, high);
        const anchor = document.createElement("a");
        anchor.href = canvas.toDataURL("image/png");
        anchor.download = `${figure.dataset.key}.png`;
        anchor.click();
    }

    function begin() {
        const figures = [...document.querySelectorAll(".report-chart[data-kind]")];
        const all = () => figures.forEach(draw);
        all();
        for (const figure of figures) {
            const button = figure.querySelector("[data-png]");
            button.hidden = false;
            button.addEventListener("click", () => save(figure));
        }
        let seen = window.innerWidth;
        window.addEventListener("resize", () => {
            if (window.innerWidth !== seen) all();
            seen = window.innerWidth;
        });
        new MutationObserver(all).observe(document.documentElement, { attributes: true, attributeFilter: ["class"] });
    }

    begin();
})();
