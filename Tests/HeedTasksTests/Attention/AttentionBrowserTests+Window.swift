import HeedFormats
import HeedTasks
import HeedTestSupport
import Testing

extension AttentionBrowserTests {
    /// A window as laptops have it, and one as narrow as a browser has it, in the light and in the dark.
    private static let windows = [(1280, false), (1280, true), (500, false), (500, true)]

    @Test("what is told of a weight is in the window, wherever the weight is", arguments: windows)
    func readout(width: Int, isDark: Bool) async throws {
        let map = MadeUpMaps.translation(rows: 60, columns: 60, layers: 6, heads: 8)
        let matrix = try #require(map.part(.cross)?.matrix(layer: 5, head: 0))
        try await Browser.visit(map.html(), width: width, height: 800) { browser in
            try await browser.setDark(isDark)
            let last = try await browser.numbers(
                """
                const heat = document.getElementById("heat"), cells = document.getElementById("cells");
                heat.scrollLeft = heat.scrollWidth;
                cells.scrollIntoView({block: "end"});
                const box = cells.getBoundingClientRect();
                return [box.right - box.width / 120, box.bottom - box.height / 120];
                """)
            try #require(last.count == 2)
            try await browser.point(x: last[0], y: last[1])
            try await check(browser, 59, 59, matrix)
            try await expectSeen(browser, ["readout"])
            try await browser.point(x: 1, y: 1)
            try await browser.run("scrollTo(0, 0)")
            try await browser.run("document.getElementById('field').focus({preventScroll: true})")
            for (keys, row, column) in [
                ([Browser.Key.right], 0, 0), ([.end], 0, 59),
                (Array(repeating: .down, count: 59), 59, 59), ([.home, .up], 58, 0),
            ] {
                try await browser.press(keys)
                try await check(browser, row, column, matrix)
                try await expectSeen(browser, ["readout", "cursor"])
            }
        }
    }

    /// Checks that nothing of these is outside the window or below something else: an element by its name, or
    /// the field that the cursor is at.
    private func expectSeen(_ browser: Browser, _ names: [String]) async throws {
        for name in names {
            let box = try await browser.numbers(
                """
                const box = document.getElementById(arguments[0] === "cursor" ? "cells" : arguments[0])
                  .getBoundingClientRect();
                let {left, top, width, height} = box;
                if (arguments[0] === "cursor") {
                  const {row, column} = state.held;
                  [width, height] = [width / 60, height / 60];
                  [left, top] = [left + column * width, top + row * height];
                }
                const seen = document.elementFromPoint(left + width / 2, top + height / 2);
                return [left, top, innerWidth - left - width, innerHeight - top - height,
                  seen && seen.closest("#readout,#cells")?.id === (arguments[0] === "cursor" ? "cells" : arguments[0]) ? 0 : -1];
                """, .string(name))
            #expect(box.count == 5 && box.allSatisfy { $0 >= -0.5 }, "\(name): \(box)")
        }
    }

    @Test("the thumbnail of the chosen head is in sight, whichever way it was chosen")
    func chosenThumbnail() async throws {
        let map = MadeUpMaps.translation(rows: 60, columns: 60, layers: 6, heads: 8)
        try await Browser.visit(map.html(), width: 500, height: 800) { browser in
            for layer in [0, 5, 0, 3] {
                try await browser.run(
                    """
                    const select = document.getElementById("layer");
                    select.value = arguments[0];
                    select.dispatchEvent(new Event("change"));
                    """, .int(layer))
                try await browser.settle()
                let distances = try await browser.numbers(
                    """
                    const frame = document.getElementById("grid").getBoundingClientRect();
                    const box = document.querySelector("#grid [aria-pressed=true]").getBoundingClientRect();
                    return [box.top - frame.top, frame.bottom - box.bottom];
                    """)
                #expect(
                    distances.count == 2 && distances.allSatisfy { $0 >= -0.5 },
                    "\(layer): \(distances)")
            }
        }
    }

    @Test(
        "in a window of 1280 by 800, lines and heat map stand beside one another and begin within it",
        arguments: [5, 12, 24, 36, 37, 48, 60])
    func together(count: Int) async throws {
        let map = MadeUpMaps.translation(rows: count, columns: count, layers: 6, heads: 8)
        try await Browser.visit(map.html(), width: 1280, height: 800) { browser in
            let boxes = try await browser.numbers(
                """
                return ["strands", "cells"].flatMap(id => {
                  const box = document.getElementById(id).getBoundingClientRect();
                  return [box.left, box.top, box.right];
                }).concat(parseFloat(getComputedStyle(document.querySelector("#top span")).fontSize));
                """)
            try #require(boxes.count == 7)
            #expect(boxes[1] < 450 && boxes[4] < 450, "\(boxes)")
            #expect(boxes[2] <= boxes[3] && boxes[5] <= 1280, "\(boxes)")
            // Every column keeps its word, in letters that can be read.
            #expect(boxes[6] >= 9)
            let words = try await browser.run(
                "return document.querySelectorAll('#top span').length")
            #expect(words.intValue == count)
        }
    }
}
