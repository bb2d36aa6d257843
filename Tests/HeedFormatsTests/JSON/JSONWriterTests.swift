import HeedFormats
import Testing

@Suite("Writing JSON")
struct JSONWriterTests {
    let value: JSONValue = [
        "b": [1, 2.5, nil, true, "x\"\\\n\u{1}\u{1F}é\u{7F}"], "a": [:], "c": [], "d": ["e": [1]],
    ]

    @Test("the compact text has no spaces and keeps the order of names")
    func compact() {
        let string = #""x\"\\\n\u0001\u001fé"# + "\u{7F}\""
        #expect(
            JSONWriter().string(value)
                == #"{"b":[1,2.5,null,true,\#(string)],"a":{},"c":[],"d":{"e":[1]}}"#)
    }

    @Test("the pretty text is indented by two spaces")
    func pretty() {
        let value: JSONValue = ["a": [1, ["b": nil]], "c": [], "d": [:]]
        let expected = """
            {
              "a": [
                1,
                {
                  "b": null
                }
              ],
              "c": [],
              "d": {}
            }
            """
        #expect(JSONWriter(.pretty).string(value) == expected)
    }

    @Test("the spaced text is one line")
    func spaced() {
        #expect(JSONWriter(.spaced).string(["a": [1, 2], "b": 3]) == #"{"a": [1, 2], "b": 3}"#)
    }

    @Test("what is written reads back as the same value")
    func roundTrip() throws {
        for layout in [JSONWriter.Layout.compact, .spaced, .pretty] {
            #expect(try JSONParser().parse(JSONWriter(layout).string(value)) == value)
        }
    }

    @Test("doubles and floats read back as the same bits")
    func doubles() throws {
        var generator = SystemRandomNumberGenerator()
        var doubles: [Double] = [
            0, -0.0, 1, 0.1, 1e-5, 1e16, 1e22, .leastNonzeroMagnitude, .greatestFiniteMagnitude,
            .leastNormalMagnitude, 123_456_789.125, 1.0 / 3,
        ]
        for _ in 0..<10_000 { doubles.append(Double(bitPattern: generator.next())) }
        for double in doubles where double.isFinite {
            let text = JSONWriter().string(.double(double))
            #expect(try JSONParser().parse(text).doubleValue?.bitPattern == double.bitPattern)
            let float = Float(double)
            guard float.isFinite else { continue }
            let short = try JSONParser().parse(JSONWriter().string(.float(float))).doubleValue
            #expect(short.map { Float($0).bitPattern } == float.bitPattern)
        }
        #expect(JSONWriter().string([.double(.nan), .double(.infinity)]) == "[null,null]")
    }
}
