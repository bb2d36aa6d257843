import HeedFormats
import Testing

@Suite("Fields of a configuration")
struct JSONObjectReaderTests {
    enum Activation: String, CaseIterable { case relu, gelu }

    let reader: JSONObjectReader

    init() throws {
        let text = """
            {"width": 512, "rate": 0.1, "big": 1e300, "ok": true, "name": "x", "act": "gelu",
             "none": null, "list": [1, 2], "mixed": [1, "b"], "inner": {"deep": [{"size": -1}]}}
            """
        reader = try JSONObjectReader(parsing: Array(text.utf8), file: "config.json")
    }

    @Test("values of the right kind are read")
    func values() throws {
        #expect(try reader.int("width", in: 1...1024) == 512)
        #expect(try reader.double("rate", in: 0...1) == 0.1)
        #expect(try reader.double("width") == 512)
        #expect(try reader.bool("ok"))
        #expect(try reader.string("name") == "x")
        #expect(try reader.choice("act", of: Activation.self) == .gelu)
        #expect(try reader.ints("list") == [1, 2])
        #expect(try reader.doubles("list") == [1, 2])
    }

    @Test("a missing field and null give the default, or nil")
    func missing() throws {
        for name in ["none", "absent"] {
            #expect(try reader.optionalInt(name) == nil)
            #expect(try reader.int(name, default: 7) == 7)
            #expect(try reader.double(name, default: 7) == 7)
            #expect(try reader.bool(name, default: true))
            #expect(try reader.string(name, default: "d") == "d")
            #expect(try reader.choice(name, default: Activation.relu) == .relu)
            #expect(try reader.optionalArray(name) == nil)
            #expect(try reader.optionalObject(name) == nil)
            #expect(!reader.contains(name))
        }
    }

    @Test("errors name the file, the field and its value")
    func messages() throws {
        func message(_ body: () throws -> Void) -> String {
            do {
                try body()
                return "no error"
            } catch {
                return "\(error)"
            }
        }
        #expect(message { _ = try reader.int("absent") } == "config.json: absent: is missing")
        #expect(
            message { _ = try reader.int("width", in: 1...100) }
                == "config.json: width = 512: must be between 1 and 100")
        #expect(
            message { _ = try reader.int("rate") } == "config.json: rate = 0.1: must be an integer")
        #expect(
            message { _ = try reader.int("name") }
                == #"config.json: name = "x": must be an integer"#)
        #expect(
            message { _ = try reader.choice("name", of: Activation.self) }
                == #"config.json: name = "x": is unknown; known are "relu", "gelu""#)
        #expect(
            message { _ = try reader.strings("mixed") }
                == "config.json: mixed[0] = 1: must be a string")
        #expect(
            message { _ = try reader.object("inner").objects("deep")[0].int("size", in: 0...9) }
                == "config.json: inner.deep[0].size = -1: must be between 0 and 9")
        #expect(
            message { _ = try JSONObjectReader([1], file: "f") }
                == "f: top level = [1]: must be an object, not an array")
    }

    @Test("a text that is no JSON names the file")
    func noJSON() {
        let error = #expect(throws: JSONError.self) {
            try JSONObjectReader(parsing: Array("{\n\"a\":}".utf8), file: "config.json")
        }
        #expect(
            error.map { "\($0)" }
                == "config.json: line 2: found '}' where a value is expected (byte 7 of the file)")
        let nameless = #expect(throws: JSONError.self) { try JSONParser().parse(Array("{".utf8)) }
        #expect(nameless?.description.hasSuffix(" (byte 2)") == true)
    }
}
