import HeedFormats
import Testing

@Suite("Dictionaries of names")
struct NameDictionaryTests {
    @Test("it behaves as a dictionary through insertions, replacements and removals")
    func likeADictionary() {
        var generator = SystemRandomNumberGenerator()
        var names = NameDictionary<Int>()
        var reference: [String: Int] = [:]
        for step in 0..<5_000 {
            let name = "n\(Int.random(in: 0..<200, using: &generator))"
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: #expect(names.removeValue(forName: name) == reference.removeValue(forKey: name))
            case 1:
                #expect(names.insert(step, forName: name) == (reference[name] == nil))
                reference[name] = reference[name] ?? step
            default:
                names[name] = step
                reference[name] = step
            }
            #expect(names[name] == reference[name])
            #expect(names.count == reference.count)
        }
        for (name, value) in reference { #expect(names[name] == value) }
        #expect(Set(names.names) == Set(reference.keys))
    }

    @Test("entries stay in the order of their insertion")
    func order() {
        var names = NameDictionary<Int>()
        for index in 0..<100 { names["n\(99 - index)"] = index }
        names["n50"] = -1
        #expect(names.names == (0..<100).map { "n\(99 - $0)" })
        #expect(names.entries[49].value == -1)
    }
}
