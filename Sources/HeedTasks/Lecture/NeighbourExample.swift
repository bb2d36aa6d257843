import HeedFormats
import HeedModels
import HeedNN
import HeedTensor
import HeedText

/// Words near in meaning: what the table of a trained model has made of them.
package struct NeighbourExample {
    /// A word and those whose vectors have the largest inner products with its own.
    package struct Neighbours: Sendable {
        package let word: String
        package let others: [(word: String, product: Double)]
    }

    /// Words by what they mean, for the model that comes with Heed.
    package static let groups: [[String]] = [
        ["today", "tomorrow", "yesterday", "tonight"], ["mother", "mom", "sister", "wife"],
        ["go", "leave", "walk", "stay"], ["red", "blue", "new", "small"],
        ["heute", "morgen", "bald", "später"], ["Mutter", "Vater", "Sohn", "Frau"],
    ]

    private let folder: String
    private let table: Tensor
    /// The tokens that are whole words, and their rows.
    private let rows: [String: Int]
    private let words: [Int: String]

    /// Reads the table of a translation model; throws the errors of its files.
    package init(folder: String) throws {
        self.folder = folder
        // A folder without a name is not the one we are in.
        _ = try Folder.kind(of: folder)
        let translator = try SentenceTranslator(folder: folder, precision: .float32)
        table = translator.model.encoder.embedding.tokens.weight.value.converted(to: .float32)
        let tokenizer = translator.tokenizers.source
        var rows: [String: Int] = [:]
        var words: [Int: String] = [:]
        for id in 0..<table.shape[0] {
            // A word begins with the mark of a space; what has none is the rest of one.
            guard let piece = tokenizer.piece(of: Int32(id)), !tokenizer.isSpecial(Int32(id)),
                let mark = piece.first, ["▁", "Ġ"].contains(mark), piece.count > 2
            else { continue }
            let word = String(piece.dropFirst())
            guard word.allSatisfy(\.isLetter) else { continue }
            rows[word] = id
            words[id] = word
        }
        self.rows = rows
        self.words = words
    }

    /// The words of the groups that the model has.
    package var known: [[String]] {
        Self.groups.map { $0.filter { rows[$0] != nil } }.filter { $0.count > 1 }
    }

    /// The words whose vectors have the largest inner products with a word's own.
    package func nearest(_ word: String, count: Int) -> Neighbours {
        guard let row = rows[word] else { return Neighbours(word: word, others: []) }
        let context = Context()
        let products = context.matmul(table.rowsView(row..<row + 1), context.transposed(table))
        let ranked = products.rows[0].enumerated().sorted { $0.element > $1.element }
        let others = ranked.lazy.filter { $0.offset != row }.compactMap { entry in
            words[entry.offset].map { (word: $0, product: entry.element) }
        }
        return Neighbours(word: word, others: Array(others.prefix(count)))
    }

    /// The cosines of the known words' vectors, each with each.
    package var cosines: [[Double]] {
        let context = Context()
        let vectors = context.concatenated(
            known.flatMap(\.self).compactMap { rows[$0] }.map { row in
                let vector = table.rowsView(row..<row + 1)
                return context.affine(vector, scale: 1 / max(vector.norm, 1e-30))
            })
        return context.matmul(vectors, context.transposed(vectors)).rows
    }

    /// The mean cosine of words of one group, and of words of different groups.
    package var means: (within: Double, across: Double) {
        let groups = known.enumerated().flatMap { group, words in words.map { _ in group } }
        let cosines = cosines
        var sums = [(0.0, 0.0), (0.0, 0.0)]
        for row in groups.indices {
            for column in groups.indices where column != row {
                let index = groups[row] == groups[column] ? 0 : 1
                sums[index] = (sums[index].0 + cosines[row][column], sums[index].1 + 1)
            }
        }
        return (sums[0].0 / max(sums[0].1, 1), sums[1].0 / max(sums[1].1, 1))
    }

    package var page: FigurePage {
        get throws {
            let words = known.flatMap(\.self)
            guard !words.isEmpty else {
                throw CorpusError("\(folder): has none of the words that are looked for")
            }
            let means = means
            let lists = known.compactMap(\.first).map { nearest($0, count: 5) }
            let figure = Figure(
                "Words near in meaning point the same way",
                caption: """
                    Cosines, the inner products of vectors of length 1, in the table that a translation model \
                    has learned. The mean is \
                    \(NumberText.fixed(means.within, 2)) within a group of words, and \
                    \(NumberText.fixed(means.across, 2)) between groups.
                    """,
                columns: 1, panelWidth: 620, panelHeight: 560,
                [
                    .heat(
                        HeatMap(
                            "",
                            cosines.enumerated().map { row, line in
                                line.enumerated().map { row == $0 ? .nan : $1 }
                            }, rows: words, columns: words))
                ])
            return FigurePage(
                figure,
                paragraphs: [
                    """
                    Of the whole vocabulary, the words with the largest inner products, from the most \
                    alike on. The model has seen short sentences alone: many neighbours are words that stand \
                    in the same place of a sentence, and some are chance.
                    """
                ],
                table: [["Word", "1", "2", "3", "4", "5"]]
                    + lists.map { list in
                        [list.word]
                            + list.others.map { "\($0.word) \(NumberText.fixed($0.product, 2))" }
                    })
        }
    }
}
