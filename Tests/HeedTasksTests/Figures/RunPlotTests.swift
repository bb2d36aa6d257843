import Foundation
import HeedTasks
import HeedTestSupport
import HeedTraining
import Testing

@Suite("Curves of trainings")
struct RunPlotTests {
    private static let lines = """
        {"epoch": 1, "update": 10, "train_loss": 4, "valid_loss": 3.5, "valid_perplexity": 33, "valid_bleu": 2, "learning_rate": 0.1, "best": true, "seconds": 1}
        {"epoch": 2, "update": 20, "train_loss": 3, "valid_loss": 2.5, "valid_perplexity": 12, "valid_bleu": 5, "learning_rate": 0.2, "best": true, "seconds": 2}

        """

    /// A run with these lines, and events at these updates.
    private func run(
        _ lines: String, events: [[(update: Int, loss: Float)]] = [], name: String = "run"
    ) throws -> (folder: TemporaryFolder, path: String) {
        let folder = try TemporaryFolder()
        let url = folder.url.appending(path: name)
        let eventFolder = url.appending(path: "events")
        try FileManager.default.createDirectory(at: eventFolder, withIntermediateDirectories: true)
        try Data(lines.utf8).write(to: url.appending(path: "metrics.jsonl"))
        for (index, list) in events.enumerated() {
            let writer = try EventFileWriter(
                folder: eventFolder, continuingAt: index > 0 ? list.first?.update : nil,
                date: Date(timeIntervalSince1970: Double(index)))
            for event in list {
                try writer.write(
                    ["train/loss": event.loss, "train/tokens_per_second": 100], step: event.update)
            }
            try writer.close()
        }
        return (folder, url.path)
    }

    @Test("lines and events are read, with the epoch of each update")
    func history() throws {
        let (folder, path) = try run(Self.lines, events: [[(5, 4.5), (15, 3.25), (30, 2.75)]])
        let history = try RunHistory(path: path)
        #expect(history.epochSeries["valid_loss"]?.map(\.value) == [3.5, 2.5])
        #expect(history.epochSeries["valid_bleu"]?.map(\.update) == [10, 20])
        #expect(history.epochSeries["best"] == nil && history.epochSeries["seconds"] == nil)
        let loss = try #require(history.updateSeries["train/loss"])
        #expect(loss.map(\.value) == [4.5, 3.25, 2.75])
        #expect(loss.map(\.epoch) == [0.5, 1.5, 3])
        #expect(history.notices == [])
        #expect(history.averageLoss == nil)
        withExtendedLifetime(folder) {}
    }

    @Test("the loss of the average stands in the table, and not in the curves")
    func average() throws {
        let average = "{\"averaged_epochs\": [1, 2], \"update\": 20, \"valid_loss\": 2.125}\n"
        let (folder, path) = try run(Self.lines + average)
        let history = try RunHistory(path: path)
        #expect(history.averageLoss == 2.125)
        #expect(history.epochSeries["valid_loss"]?.map(\.value) == [3.5, 2.5])
        let table = RunPlot([history]).page.table
        #expect(table[0].last == "Validation loss of the average" && table[1].last == "2.125")
        withExtendedLifetime(folder) {}
    }

    @Test("what a resumed run measured again replaces what was there")
    func resumed() throws {
        let (folder, path) = try run(
            Self.lines,
            events: [[(5, 1), (10, 2), (15, 3), (20, 4)], [(15, 30), (20, 40), (25, 50)]])
        let history = try RunHistory(path: path)
        #expect(history.updateSeries["train/loss"]?.map(\.value) == [1, 2, 30, 40, 50])
        #expect(history.updateSeries["train/loss"]?.map(\.update) == [5, 10, 15, 20, 25])
        withExtendedLifetime(folder) {}
    }

    @Test("a last line that is being written is left out, with a notice; every cut of it")
    func tornLine() throws {
        let last = Self.lines.split(separator: "\n")[1]
        let start = Self.lines.utf8.count - last.utf8.count - 1
        for count in start + 1..<start + last.utf8.count {
            let (folder, path) = try run(
                String(decoding: Self.lines.utf8.prefix(count), as: UTF8.self))
            let history = try RunHistory(path: path)
            #expect(history.epochSeries["valid_loss"]?.map(\.value) == [3.5])
            #expect(history.notices.count == 1)
            withExtendedLifetime(folder) {}
        }
    }

    @Test("a last event that is being written is left out; every cut of the file")
    func tornEvent() throws {
        let (folder, path) = try run(Self.lines, events: [[(5, 1), (10, 2)]])
        let events = URL(filePath: path).appending(path: "events")
        let name = try #require(
            try FileManager.default.contentsOfDirectory(atPath: events.path).first)
        let file = events.appending(path: name)
        let bytes = try Data(contentsOf: file)
        for count in stride(from: bytes.count - 1, to: 0, by: -1) {
            try bytes.prefix(count).write(to: file)
            let history = try RunHistory(path: path)
            let values = history.updateSeries["train/loss"]?.map(\.value) ?? []
            #expect([[], [1]].contains(values) && history.notices == [])
        }
        var damaged = bytes
        damaged[damaged.count - 6] ^= 1
        try damaged.write(to: file)
        let history = try RunHistory(path: path)
        #expect(history.updateSeries["train/loss"]?.map(\.value) == [1])
        #expect(history.notices.count == 1)
        withExtendedLifetime(folder) {}
    }

    @Test(
        "a line that is no measurement names file and line",
        arguments: [
            ("{\"update\": 1}\nnonsense\n{\"update\": 3}\n", 2), ("[]\n", 1), ("{}\n", 1),
            ("{\"update\": -1}\n", 1), ("{\"update\": 1, \"update\": 2}\n", 1),
        ])
    func damagedLine(lines: String, number: Int) throws {
        let (folder, path) = try run(lines)
        let error = #expect(throws: RunHistoryError.self) { try RunHistory(path: path) }
        #expect(error?.line == number && error?.path == path + "/metrics.jsonl")
        withExtendedLifetime(folder) {}
    }

    @Test("an error in a line has one number of a line")
    func lineNumber() throws {
        let (folder, path) = try run("{\"update\": 1}\n{x}\n{\"update\": 3}\n")
        let error = #expect(throws: RunHistoryError.self) { try RunHistory(path: path) }
        let words = error?.description ?? ""
        #expect(words.contains("metrics.jsonl: line 2: byte 2: found"), "\(words)")
        #expect(words.matches(of: /line/).count == 1)
        withExtendedLifetime(folder) {}
    }

    @Test("the curves of ten runs with long names keep their room, under one legend for all")
    func manyRuns() throws {
        let runs = try (0..<10).map {
            try run(
                Self.lines, events: [[(5, 4.5), (15, 3.25)]],
                name: "a-training-whose-name-tells-all-of-its-settings-"
                    + String(repeating: "and-more-", count: 8) + "\($0)")
        }
        let figure = try RunPlot(runs.map { try RunHistory(path: $0.path) }).figure
        #expect(figure.title == "10 trainings" && figure.legend.count == 10)
        #expect(Set(figure.legend.map(\.style)).count == 10)
        let drawn = figure.draw()
        let top = try #require(drawn.charts.map(\.frame.y).min())
        #expect(drawn.charts.count == 5)
        for chart in drawn.charts {
            #expect(chart.frame.height > 200 && chart.frame.width > 280)
        }
        let texts = try WellFormedXML(drawn.text).elements.filter { $0.name == "text" }
        for entry in figure.legend {
            let label = try #require(texts.first { $0.text == entry.name })
            #expect(try #require(label.attributes["y"].flatMap(Double.init)) < top - 20)
            #expect(texts.count { $0.text == entry.name } == 1)
        }
        withExtendedLifetime(runs) {}
    }

    @Test("of several runs, thin lines are training, and each run looks the same in every chart")
    func styles() throws {
        let runs = try [
            run(Self.lines, events: [[(5, 4.5), (15, 3.25)]]), run(Self.lines, name: "other"),
        ]
        let figure = try RunPlot(runs.map { try RunHistory(path: $0.path) }).figure
        #expect(
            figure.sharesLegend && figure.caption.hasPrefix("Thin lines are the loss in training"))
        for case .lines(let chart) in figure.panels {
            for series in chart.series {
                let style = try #require(series.style)
                #expect(style.isThin == series.name.hasSuffix("training"))
                let entry = try #require(
                    figure.legend.first {
                        series.name == $0.name || series.name.hasPrefix($0.name + ":")
                    })
                #expect(style.color == entry.style.color && style.dash == entry.style.dash)
            }
        }
        let alone = try RunPlot([RunHistory(path: runs[0].path)]).figure
        #expect(!alone.sharesLegend && alone.caption.isEmpty)
        withExtendedLifetime(runs) {}
    }

    @Test("a folder that is no run is refused")
    func noRun() throws {
        let folder = try TemporaryFolder()
        let error = #expect(throws: RunHistoryError.self) { try RunHistory(path: folder.path) }
        #expect(error?.line == nil)
        #expect(throws: (any Error).self) { try RunHistory(path: folder.path + "/none") }
    }

    @Test("a number that is none is a gap")
    func notFinite() throws {
        let (folder, path) = try run("{\"update\": 1, \"valid_loss\": null}\n")
        let value = try #require(RunHistory(path: path).epochSeries["valid_loss"]?.first?.value)
        #expect(value.isNaN)
        withExtendedLifetime(folder) {}
    }

    @Test("each quantity has a chart, each run a line, over updates or epochs")
    func charts() throws {
        let first = try run(Self.lines, events: [[(5, 4.5), (15, 3.25)]])
        let second = try run(Self.lines, name: "other")
        let histories = try [first, second].map { try RunHistory(path: $0.path) }
        let charts = RunPlot(histories).figure.panels.compactMap { panel -> LineChart? in
            if case .lines(let chart) = panel { chart } else { nil }
        }
        #expect(
            charts.map(\.title) == [
                "Loss per token", "Validation BLEU", "Validation perplexity", "Learning rate",
                "Tokens per second",
            ])
        #expect(
            charts[0].series.map(\.name) == [
                "run: training", "run: validation", "other: training", "other: validation",
            ])
        #expect(charts[0].series[0].points == [.init(5, 4.5), .init(15, 3.25)])
        #expect(charts[0].series[3].points == [.init(10, 3.5), .init(20, 2.5)])
        #expect(charts[4].series.map(\.name) == ["run"])
        guard case .lines(let chart) = RunPlot(histories, by: .epoch).figure.panels[0] else {
            Issue.record("no chart")
            return
        }
        #expect(chart.series[0].points == [.init(0.5, 4.5), .init(1.5, 3.25)])
        let page = RunPlot(histories).page
        #expect(page.table.count == 3 && page.table[1].prefix(5) == ["run", "20", "2", "2.5", "2"])
        _ = try WellFormedXML(page.figure.svg())
        withExtendedLifetime((first, second)) {}
    }

    @Test("many measurements are drawn as means of neighbours, or, raw, one by one")
    func means() throws {
        let events = (1...1000).map { (update: $0, loss: Float($0 % 2)) }
        let (folder, path) = try run(Self.lines, events: [events])
        for isRaw in [false, true] {
            let figure = try RunPlot([RunHistory(path: path)], isRaw: isRaw).figure
            guard case .lines(let chart) = figure.panels[0] else { continue }
            let points = chart.series[0].points
            #expect(points.count == (isRaw ? 1000 : 200) && figure.caption.isEmpty == isRaw)
            #expect(points[1] == (isRaw ? .init(2, 0) : .init(8, 0.4)))
        }
        withExtendedLifetime(folder) {}
    }

    @Test("runs of the same name are told apart by their folders, and an empty run has no chart")
    func names() throws {
        let runs = try [run(Self.lines), run(Self.lines)]
        let figure = try RunPlot(runs.map { try RunHistory(path: $0.path) }).figure
        guard case .lines(let chart) = figure.panels[1] else { return }
        #expect(Set(chart.series.map(\.name)).count == 2)
        #expect(chart.series.allSatisfy { $0.name.hasSuffix("/run") })
        let empty = try run("")
        #expect(try RunPlot([RunHistory(path: empty.path)]).isEmpty)
        withExtendedLifetime((runs, empty)) {}
    }
}
