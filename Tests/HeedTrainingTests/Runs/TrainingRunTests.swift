import HeedFormats
import HeedNN
import HeedTensor
import HeedTraining
import Testing

@Suite("A training run")
struct TrainingRunTests {
    @Test(
        "whose limit is raised ends as if it had never stopped", arguments: [1, 5, 6, 7, 12, 14],
        [0, 2])
    func raisedLimit(limit: Int, average: Int) throws {
        try withRunFolder { whole in
            try withRunFolder { parts in
                #expect(
                    try CountingRun.train(whole, updates: 15, average: average) == .maximumUpdates)
                #expect(
                    try CountingRun.train(parts, updates: limit, average: average)
                        == .maximumUpdates)
                #expect(
                    try CountingRun.train(parts, updates: 15, average: average, resuming: true)
                        == .maximumUpdates)
                let (expected, found) = (
                    try CountingRun.outcome(whole), try CountingRun.outcome(parts)
                )
                for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }
            }
        }
    }

    @Test("that is interrupted after any update ends with the same bits", arguments: 0..<14)
    func interrupted(updates: Int) throws {
        try withRunFolder { whole in
            try withRunFolder { parts in
                try CountingRun.train(whole, updates: 15)
                #expect(
                    try CountingRun.train(parts, updates: 15, stopAfter: updates) == .interrupted)
                try CountingRun.train(parts, updates: 15, resuming: true)
                let (expected, found) = (
                    try CountingRun.outcome(whole), try CountingRun.outcome(parts)
                )
                for (name, bytes) in expected { #expect(found[name] == bytes, "\(name)") }
            }
        }
    }

    @Test(
        "gives the best weights, or the average of the last epochs, when the limit cuts one short")
    func finalModel() throws {
        try withRunFolder { folder in
            try CountingRun.train(folder, updates: 7)
            #expect(abs(try CountingTask.updates(inFolder: folder) - 7) < 1e-3)
            #expect(abs(try CountingTask.updates(inFolder: "\(folder)/best") - 5) < 1e-3)
        }
        try withRunFolder { folder in
            try CountingRun.train(folder, updates: 8)
            #expect(abs(try CountingTask.updates(inFolder: folder) - 5) < 1e-3)
        }
        try withRunFolder { folder in
            try CountingRun.train(folder, updates: 12, average: 2)
            #expect(abs(try CountingTask.updates(inFolder: folder) - 11) < 1e-3)
        }
    }

    @Test(
        "tells the loss of the average; the model and what goes on keep weights that are not averaged"
    )
    func averageLoss() throws {
        try withRunFolder { folder in
            var reports: [AverageReport] = []
            func train(updates: Int, resuming: Bool) throws {
                let number = CountingTask.Number()
                try CountingRun.train(
                    folder, updates: updates, average: 2, losses: [10: 3, 11: 0.5, 12: 1.5],
                    resuming: resuming, number: number
                ) { event in
                    if case .average(let report) = event { reports.append(report) }
                }
                #expect(CountingTask.updates(of: number.weight.value.floats[0]) == updates)
            }
            try train(updates: 12, resuming: false)
            #expect(reports.map(\.epochs) == [[2, 3]])
            #expect(reports.map(\.update) == [12])
            #expect(reports.map(\.validationLoss) == [0.5])
            #expect(try RunHistory(path: folder).averageLoss == 0.5)
            #expect(
                try RunHistory(path: folder).epochSeries["valid_loss"]?.map(\.value) == [9, 3, 1.5])
            try train(updates: 15, resuming: true)
            #expect(reports.last?.epochs == [2, 3])
            #expect(abs(try CountingTask.updates(inFolder: folder) - 12.5) < 1e-3)
            // The line of the first average went with what came after the checkpoint.
            let lines = try TextFile.lines(path: "\(folder)/metrics.jsonl")
            #expect(lines.map { $0.contains("averaged_epochs") } == [false, false, false, true])
        }
    }

    @Test("stops after as many epochs without a better loss as patience allows")
    func patience() throws {
        try withRunFolder { folder in
            let end = try CountingRun.train(
                folder, updates: 100, patience: 3, losses: [5: 4, 10: 2, 15: 3, 20: 2, 25: 2.1])
            #expect(end == .patience)
            #expect(try TextFile.lines(path: "\(folder)/metrics.jsonl").count == 5)
            #expect(abs(try CountingTask.updates(inFolder: folder) - 10) < 1e-3)
            #expect(
                try CountingRun.train(
                    folder, updates: 100, patience: 3,
                    losses: [5: 4, 10: 2, 15: 3, 20: 2, 25: 2.1], resuming: true) == .patience)
        }
    }

    @Test("does not begin in a folder that holds another")
    func occupied() throws {
        try withRunFolder { folder in
            try CountingRun.train(folder, updates: 3)
            let error = #expect(throws: TrainingError.self) {
                try CountingRun.train(folder, updates: 4)
            }
            #expect(error?.description.contains(folder) == true)
        }
    }

    @Test("without any whole checkpoint begins anew, and averages no epoch of before")
    func damaged() throws {
        try withRunFolder { folder in
            try CountingRun.train(folder, updates: 15, average: 2)
            for name in try Folder.names(in: "\(folder)/checkpoints") {
                try AtomicFile.write("?", to: "\(folder)/checkpoints/\(name)/state.json")
            }
            var notices: [String] = []
            let end = try CountingRun.train(
                folder, updates: 15, average: 2, epochs: 1, resuming: true
            ) {
                if case .notice(let words) = $0 { notices.append(words) }
            }
            #expect(end == .maximumEpochs)
            #expect(notices.contains { $0.contains("step-15 was skipped") })
            #expect(notices.contains { $0.contains("epoch-3 is newer") })
            #expect(abs(try CountingTask.updates(inFolder: folder) - 5) < 1e-3)
        }
    }

    @Test("refuses a checkpoint of another training, and says what differs")
    func otherTraining() throws {
        try withRunFolder { folder in
            try CountingRun.train(folder, updates: 4)
            let run = TrainingRun(
                CountingTask(), CountingTask.options(updates: 5, average: 0),
                folder: RunFolder(path: folder), fingerprint: "same: no")
            let before = try Folder.names(in: "\(folder)/checkpoints")
            let error = #expect(throws: TrainingError.self) { try run(resuming: true) }
            #expect(error?.description.contains("same: yes became same: no") == true)
            #expect(try Folder.names(in: "\(folder)/checkpoints") == before)
        }
    }
}

@Suite("A trainer")
struct TrainerTests {
    @Test("stops before a number that is not finite is written", arguments: [Float.nan, .infinity])
    func nonFinite(factor: Float) throws {
        let task = CountingTask()
        let trainer = Trainer(task, CountingTask.options(updates: 10, average: 0))
        _ = try trainer.update([[0], [1]])
        let before = task.number.weight.value
        task.factor = factor
        let error = #expect(throws: TrainingError.self) { try trainer.update([[0], [1]]) }
        #expect(error?.description.contains("update 2") == true)
        #expect(error?.description.contains("weight") == true)
        #expect(task.number.weight.value.floats == before.floats)
        #expect(trainer.updates == 1)
    }

    @Test("refuses a batch without tokens")
    func empty() {
        let trainer = Trainer(CountingTask(), CountingTask.options(updates: 10, average: 0))
        let error = #expect(throws: TrainingError.self) { try trainer.update([[], []]) }
        #expect(error?.description.contains("update 1") == true)
    }
}
