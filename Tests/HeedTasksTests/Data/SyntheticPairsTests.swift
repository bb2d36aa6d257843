import Foundation
import HeedFormats
import HeedTasks
import HeedTestSupport
import Testing

@Suite("Made-up pairs")
struct SyntheticPairsTests {
    @Test("the generator gives the published numbers of SplitMix64")
    func generator() {
        var random = CountingGenerator(seed: 1_234_567)
        #expect(
            (0..<3).map { _ in random.next() } == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            ])
    }

    @Test("a seed gives the same pairs everywhere and another seed gives others")
    func deterministic() throws {
        let pairs = try SyntheticPairs(task: .dates, count: 60, seed: 1)
        #expect(pairs.test == Self.firstDates)
        #expect(try SyntheticPairs(task: .dates, count: 60, seed: 1).training == pairs.training)
        #expect(try SyntheticPairs(task: .dates, count: 60, seed: 2).training != pairs.training)
    }

    @Test("sources are unique and splits have their sizes", arguments: SyntheticTask.allCases)
    func splits(task: SyntheticTask) throws {
        for (count, held) in [(3, 1), (40, 2), (3000, 150), (30_000, 1000)] {
            let pairs = try SyntheticPairs(task: task, count: count, seed: 7)
            #expect(pairs.validation.count == held && pairs.test.count == held)
            let all = pairs.training + pairs.validation + pairs.test
            #expect(all.count == count)
            #expect(Set(all.map(\.source)).count == count)
        }
    }

    @Test("targets belong to their sources")
    func targets() throws {
        for pair in try SyntheticPairs(task: .copy, count: 500, seed: 3).training {
            #expect(pair.target == pair.source)
        }
        for pair in try SyntheticPairs(task: .reverse, count: 500, seed: 3).training {
            #expect(
                pair.target.split(separator: " ") == pair.source.split(separator: " ").reversed())
        }
        for pair in try SyntheticPairs(task: .numbers, count: 500, seed: 3).training {
            let number = try #require(Int(pair.target))
            #expect(pair.source == EnglishNumbers.cardinal(number))
        }
    }

    @Test("the largest data set can be drawn", arguments: [SyntheticTask.dates, .numbers])
    func largest(task: SyntheticTask) throws {
        let pairs = try SyntheticPairs(task: task, count: task.maximumCount, seed: 0)
        #expect(pairs.training.count == task.maximumCount - 2000)
    }

    @Test("counts that cannot be divided or drawn are refused", arguments: [-1, 0, 2, 500_001])
    func refused(count: Int) {
        #expect(throws: SyntheticCountError(task: .dates, count: count)) {
            try SyntheticPairs(task: .dates, count: count, seed: 1)
        }
    }

    @Test("files hold the pairs line by line, and their description")
    func files() throws {
        let temporary = try TemporaryFolder()
        let folder = temporary.path(of: "dates")
        let pairs = try SyntheticPairs(task: .dates, count: 60, seed: .max)
        try pairs.write(toFolder: folder)
        for (name, part) in [
            ("train", pairs.training), ("valid", pairs.validation), ("test", pairs.test),
        ] {
            #expect(try TextFile.lines(path: "\(folder)/\(name).source") == part.map(\.source))
            #expect(try TextFile.lines(path: "\(folder)/\(name).target") == part.map(\.target))
        }
        let json = try JSONParser().parse(TextFile.string(path: "\(folder)/dataset.json"))
        #expect(json["task"] == "dates" && json["count"] == 60)
        #expect(json["seed"] == "18446744073709551615")
        #expect(json["splits"] == ["train": 54, "valid": 3, "test": 3])
        #expect(try Folder.names(in: folder).count == 7)
        #expect(throws: FolderNotEmptyError(path: folder)) { try pairs.write(toFolder: folder) }
    }

    private static let firstDates = [
        TextPair(source: "April the twenty-fourth, 2013", target: "2013-04-24"),
        TextPair(source: "Sunday, 14 March 2094", target: "2094-03-14"),
        TextPair(source: "November the eighth, 1988", target: "1988-11-08"),
    ]
}
