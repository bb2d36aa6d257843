import Foundation
import HeedFormats
import HeedTestSupport
import Testing

@Suite("heed bench")
struct BenchCommandTests {
    private static let workloads: [(arguments: [String], sizes: [String: JSONValue])] = [
        (
            [
                "train-translation", "--preset", "tiny", "--vocabulary", "50", "--pairs", "3",
                "--source-length", "4", "--target-length", "5",
            ],
            [
                "preset": "tiny", "vocabulary": 50, "pairs": 3, "source_length": 4,
                "target_length": 5, "dropout": 0.1,
            ]
        ),
        (
            [
                "decode-translation", "--preset", "tiny", "--vocabulary", "50", "--sentences", "3",
                "--source-length", "4", "--target-length", "5", "--beam", "2",
            ],
            [
                "preset": "tiny", "vocabulary": 50, "sentences": 3, "source_length": 4,
                "target_length": 5, "beam": 2,
            ]
        ),
        (
            [
                "attention", "--batch", "2", "--heads", "2", "--head-size", "8", "--length", "5",
                "--causal", "--backward",
            ],
            [
                "batch": 2, "heads": 2, "head_size": 8, "length": 5, "causal": true,
                "backward": true,
            ]
        ),
        (["matmul", "--m", "4", "--n", "5", "--k", "6"], ["m": 4, "n": 5, "k": 6]),
    ]

    @Test("each workload prints one object with figures that fit together", arguments: 0..<4)
    func json(index: Int) throws {
        let (arguments, sizes) = Self.workloads[index]
        let result = try Program.require(
            ["bench"] + arguments + [
                "--precision", "float32", "--threads", "2", "--repeat", "5", "--json",
            ])
        #expect(result.output.split(separator: "\n").count == 1)
        let object = try JSONParser().parse(result.output)
        func figure(_ name: String) throws -> Double { try #require(object[name]?.doubleValue) }
        #expect(object["workload"]?.stringValue == arguments[0])
        for (name, value) in sizes { #expect(object[name] == value, "\(name)") }
        #expect(object["precision"] == "float32")
        #expect(object["threads"] == 2 && object["repeat"] == 5)
        let (low, middle, high) = try (figure("min_s"), figure("median_s"), figure("max_s"))
        #expect(low > 0 && low <= middle && middle <= high)
        let items = sizes["pairs"] ?? sizes["sentences"] ?? sizes["batch"] ?? 1
        let rate = try #require(items.doubleValue) / middle
        #expect(abs(try figure("items_per_s") / rate - 1) < 1e-6)
        let share = try figure("gflops") / figure("limit_gflops")
        #expect(abs(try figure("limit_share") / share - 1) < 1e-6)
        #expect(share > 0)
        #expect(try figure("peak_rss_bytes") > 1e6)
        #expect(object["profile"] == nil)
    }

    @Test("tokenizing has no operations, and tells how long loading took")
    func tokenizing() throws {
        let folder = try TemporaryFolder()
        let (text, empty) = (folder.path(of: "text"), folder.path(of: "empty"))
        try AtomicFile.write("one two\n\nthree\n", to: text)
        try AtomicFile.write("\n\n", to: empty)
        for flags in [[], ["--whole"], ["--offsets"]] {
            let result = try Program.require(
                ["bench", "tokenize", "--input", text, "--threads", "2", "--repeat", "3", "--json"]
                    + flags)
            let object = try JSONParser().parse(result.output)
            #expect(object["workload"] == "tokenize" && object["gflops"] == .null)
            #expect(object["whole"] == .bool(flags == ["--whole"]))
            #expect(object["offsets"] == .bool(flags == ["--offsets"]))
            let seconds = try #require(object["median_s"]?.doubleValue)
            let rate = try #require(object["items_per_s"]?.doubleValue)
            // Line breaks are a part of a whole text alone.
            #expect((rate * seconds).rounded() == (flags == ["--whole"] ? 15 : 12))
            #expect(try #require(object["load_s"]?.doubleValue) > 0)
        }
        let refused = try Program.run(["bench", "tokenize", "--input", empty])
        #expect(refused.status != 0 && refused.errors.contains("has nothing to encode"))
    }

    @Test("operations are those of the products: counted by hand for one product and one attention")
    func operations() throws {
        func operations(_ arguments: [String]) throws -> Double {
            let result = try Program.require(["bench"] + arguments + ["--repeat", "1", "--json"])
            let object = try JSONParser().parse(result.output)
            let gflops = try #require(object["gflops"]?.doubleValue)
            return try (gflops * 1e9 * #require(object["median_s"]?.doubleValue)).rounded()
        }
        #expect(try operations(Self.workloads[3].arguments) == 2 * 4 * 5 * 6)
        // 15 pairs that are seen, two products of 8 in each direction of 2 heads and 2 sequences; 5 products backward.
        #expect(try operations(Self.workloads[2].arguments) == 15 * 2 * 2 * 2 * 8 * 2 * 3.5)
    }

    @Test("a profile names the operators of both directions, and its shares add up")
    func profile() throws {
        let result = try Program.require(
            ["bench"] + Self.workloads[0].arguments + ["--repeat", "1", "--profile", "--json"])
        let object = try JSONParser().parse(result.output)
        let lines = try #require(object["profile"]?.arrayValue)
        let names = Set(
            lines.map { "\($0["operator"]?.stringValue ?? "") \($0["pass"]?.stringValue ?? "")" })
        #expect(
            names.isSuperset(of: [
                "linear forward", "linear backward", "attention forward", "attention backward",
                "residualNorm backward", "embedding backward", "projectionLoss forward",
                "optimizer forward",
            ]))
        let shares = lines.reduce(0) { $0 + ($1["share"]?.doubleValue ?? .nan) }
        #expect(abs(shares - 1) < 1e-9)

        let text = try Program.require(
            ["bench"] + Self.workloads[1].arguments + ["--repeat", "1", "--profile"]
        ).output
        for words in ["sentences a second", "GFLOP/s", "peak memory", "operator", "beam search"] {
            #expect(text.contains(words))
        }
    }

    @Test("lengths of real pairs make the batches")
    func lengths() throws {
        let folder = try TemporaryFolder()
        let file = try folder.file("lengths", "3 4\n5 6\n\n1 1\n")
        let arguments = ["bench"] + Self.workloads[0].arguments + ["--repeat", "1", "--json"]
        let result = try Program.require(arguments + ["--lengths", file])
        let object = try JSONParser().parse(result.output)
        #expect(object["pairs"] == 3 && object["batches"] == 2)
        #expect(object["source_tokens"] == 9 && object["target_tokens"] == 11)

        for (text, words) in [
            ("3 4\n5\n", "line 2: '5'"), ("", "no pair"), ("0 1", "line 1"), ("a b", "line 1"),
            ("1 99999999", "line 1"), ("1 2 3", "line 1"),
        ] {
            let bad = try folder.file("bad", text)
            #expect(
                try Program.run(arguments + ["--lengths", bad]).isFailure(65, naming: bad, words))
        }
        #expect(
            try Program.run(arguments + ["--lengths", folder.path(of: "none")]).isFailure(66))
    }

    @Test(
        "sizes that make no sense end with 64 and one line",
        arguments: [
            ["attention", "--length", "0"], ["attention", "--heads", "-1"],
            ["matmul", "--k", "1000000000000"], ["decode-translation", "--beam", "0"],
            ["train-translation", "--vocabulary", "3"], ["train-translation", "--dropout", "1"],
            ["train-translation", "--preset", "huge"], ["matmul", "--repeat", "0"],
            ["matmul", "--threads", "0"], ["nonsense"],
        ])
    func usage(arguments: [String]) throws {
        let result = try Program.run(["bench"] + arguments)
        #expect(result.status == 64 && result.output.isEmpty && result.errorLines.count == 1)
    }
}
