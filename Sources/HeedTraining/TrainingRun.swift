import HeedFormats
import HeedNN
import HeedTensor

/// A training from the first update to the final model, in a run folder: epochs, validation, patience, checkpoints,
/// averaging, and resumption that ends with the same bits as a training that was never interrupted.
public final class TrainingRun {
    private let trainer: Trainer
    private let task: any TrainingTask
    private let options: TrainingOptions
    private let run: RunFolder
    private let fingerprint: String
    private let shouldStop: () -> Bool
    private let handle: (TrainingEvent) -> Void
    private var state = TrainingState()
    private var clock = TrainingClock()
    /// Whether the best weights are the model's own, and not those in `best`.
    private var bestIsInMemory = false

    /// A run of a task in a folder.
    ///
    /// - Parameters:
    ///   - task: what is trained.
    ///   - options: how.
    ///   - folder: the folder of the run.
    ///   - fingerprint: what must be the same when the run is resumed, one `name: value` a line.
    ///   - shouldStop: asked between two updates; true saves and stops.
    ///   - handle: is told what happens.
    public init(
        _ task: some TrainingTask, _ options: TrainingOptions, folder: RunFolder,
        fingerprint: String, shouldStop: @escaping () -> Bool = { false },
        handle: @escaping (TrainingEvent) -> Void = { _ in }
    ) {
        self.task = task
        self.options = options
        trainer = Trainer(task, options)
        run = folder
        self.fingerprint = fingerprint
        self.shouldStop = shouldStop
        self.handle = handle
        state.fingerprint = fingerprint
    }

    /// Trains, from the newest checkpoint if `resuming`, and writes the final model into the folder; the model in memory
    /// keeps the weights of the last update.
    ///
    /// Throws `TrainingError`, also for a folder that holds another training when not `resuming`, and the errors of
    /// files, among them that of a folder in which another process trains.
    /// - Parameters:
    ///   - resuming: whether to go on.
    ///   - begin: is called once it is certain that this training may write into the folder.
    @discardableResult
    public func callAsFunction(
        resuming: Bool = false, begin: () throws -> Void = {}
    ) throws -> TrainingEnd {
        try Folder.create(run.path)
        let lock = try FolderLock(path: run.path)
        defer { withExtendedLifetime(lock) {} }
        try run.checkFiles()
        try run.removeTemporaryFolders()
        if resuming {
            if let path = try run.newestCheckpoint({ handle(.notice($0)) }) {
                state = try Checkpoint(trainer: trainer, run: run).restore(
                    path, fingerprint: fingerprint)
            }
            try run.rejectNewer(thanUpdate: state.updates, epoch: state.epoch - 1) {
                handle(.notice($0))
            }
            // Whoever was stopped while removing what is old has left parts of it.
            try run.prune(keepingEpochs: options.average)
            try rejectDamaged()
            // What was there before what was read.
            BufferPool.empty()
        } else {
            try run.checkIsNew()
        }
        try begin()
        let log = try MetricsLog(path: run.metricsPath, keeping: state.metricsBytes)
        if let checksum = state.metricsChecksum, checksum != log.checksum {
            handle(
                .notice("\(run.metricsPath) is not what it was when the checkpoint was written"))
        }
        handle(.started(afterUpdates: state.updates))
        let end = try train(log)
        if end != .interrupted { try writeFinalModel(log) }
        handle(.finished(end))
        return end
    }

    private func train(_ log: MetricsLog) throws -> TrainingEnd {
        while true {
            if state.batch == 0, let end = limitReached() { return end }
            let updates = task.updates(epoch: state.epoch)
            guard state.batch <= updates.count else {
                throw TrainingError(
                    "the checkpoint is after \(state.batch) updates of an epoch of \(updates.count)"
                )
            }
            while state.batch < updates.count, state.updates < options.maximumUpdates {
                if shouldStop() {
                    try save()
                    return .interrupted
                }
                try step(updates[state.batch], of: updates.count)
            }
            guard state.batch == updates.count else {
                // The epoch is cut short by the limit. What is saved is its middle, so that a resumption with a larger
                // limit goes on as if it had never stopped.
                try save()
                try finishEpoch(log, isCutShort: true)
                return .maximumUpdates
            }
            try finishEpoch(log, isCutShort: false)
            state.metricsBytes = log.byteCount
            state.metricsChecksum = log.checksum
            state.epoch += 1
            state.batch = 0
            state.epochLoss = 0
            state.epochTokens = 0
            try save()
        }
    }

    /// Sets aside epochs and best weights that are not what was written, before anything is averaged with them.
    private func rejectDamaged() throws {
        for folder in try run.damagedWeights({ handle(.notice($0)) }) {
            try run.reject(folder)
            guard folder == run.bestPath else { continue }
            // Weights that are gone cannot be the best ones.
            state.bestLoss = .infinity
            state.bestEpoch = 0
        }
    }

    /// Why training ends at the beginning of an epoch, if it does.
    private func limitReached() -> TrainingEnd? {
        if options.patience > 0, state.epochsSinceBest >= options.patience { return .patience }
        if state.updates >= options.maximumUpdates { return .maximumUpdates }
        return state.epoch > options.maximumEpochs ? .maximumEpochs : nil
    }

    private func step(_ shards: [[Int]], of updatesInEpoch: Int) throws {
        let update = try trainer.update(shards)
        state.batch += 1
        state.updates += 1
        state.epochLoss += update.loss
        state.epochTokens += update.tokens
        clock.add(update)
        if state.updates % options.progressInterval == 0 {
            let left = min(
                options.maximumUpdates - state.updates,
                (options.maximumEpochs - state.epoch) * updatesInEpoch + updatesInEpoch
                    - state.batch)
            handle(
                .progress(
                    clock.progress(
                        update: state.updates, epoch: state.epoch, last: update, updatesLeft: left))
            )
        }
        if state.batch < updatesInEpoch, state.updates % options.checkpointInterval == 0 {
            try save()
        }
    }

    private func finishEpoch(_ log: MetricsLog, isCutShort: Bool) throws {
        let (loss, likelihood) = trainer.validate()
        let isBest = loss < state.bestLoss
        // A resumption with a larger limit makes the epoch whole, and must still find the best of those before.
        let keepsBest = isCutShort && state.bestEpoch > 0
        bestIsInMemory = isBest && keepsBest
        let epochPath = run.epochPath(state.epoch)
        if try Folder.kind(of: epochPath) != nil { try Folder.remove(epochPath) }
        let folder = try AtomicFolder(path: epochPath)
        try ModelFiles.save(task.model, to: folder.path(of: TensorFolder.fileName))
        try folder.commit()
        if isBest {
            state.bestLoss = loss
            state.bestEpoch = state.epoch
            state.epochsSinceBest = 0
            if !keepsBest { try writeBest() }
        } else {
            state.epochsSinceBest += 1
        }
        let report = EpochReport(
            epoch: state.epoch, update: state.updates,
            trainingLoss: state.epochLoss / Double(max(state.epochTokens, 1)),
            validationLoss: loss, validationPerplexity: exponential(likelihood),
            scores: try task.scores(
                epoch: state.epoch, Context(precision: options.precision)),
            isBest: isBest, seconds: clock.seconds)
        try log.append(report.json(rate: options.schedule.rate(update: max(state.updates, 1))))
        handle(.epoch(report))
    }

    private func save() throws {
        let path = try Checkpoint(trainer: trainer, run: run).write(
            state, keepingEpochs: options.average)
        handle(.saved(path))
    }

    private func writeBest() throws {
        if try Folder.kind(of: run.bestPath) != nil { try Folder.remove(run.bestPath) }
        let folder = try AtomicFolder(path: run.bestPath)
        try task.write(toFolder: folder.temporaryPath, values: nil)
        try folder.commit()
    }

    /// The average of the last epochs, or the best one.
    private func writeFinalModel(_ log: MetricsLog) throws {
        let epochs = try run.numbers(in: "epochs", "epoch").suffix(max(options.average, 0))
        if options.average > 0, !epochs.isEmpty {
            for epoch in epochs { try FolderManifest.verify(folder: run.epochPath(epoch)) }
            let average = try WeightAverage(epochs.map { run.epochPath($0) }, of: task.model)
            try task.write(toFolder: run.path, values: average.value(of:))
            let (loss, likelihood) = average.inPlace(in: task.model) { trainer.validate() }
            let report = AverageReport(
                epochs: Array(epochs), update: state.updates, validationLoss: loss,
                validationPerplexity: exponential(likelihood))
            try log.append(report.json)
            handle(.average(report))
            return
        }
        if bestIsInMemory { return try task.write(toFolder: run.path, values: nil) }
        guard try Folder.kind(of: run.bestPath) != nil else {
            throw TrainingError(
                "\(run.path): no whole epoch's weights are left; go on with a larger limit")
        }
        try FolderManifest.verify(folder: run.bestPath)
        let best = RelativePath.join(run.bestPath, TensorFolder.fileName)
        let weights = try WeightAverage(files: [best], of: task.model)
        try task.write(toFolder: run.path, values: weights.value(of:))
    }
}

/// The mean of the weights of several files: what the last epochs of a training have in common.
struct WeightAverage {
    private let values: [ObjectIdentifier: Tensor]

    init(_ folders: [String], of model: some Module) throws {
        try self.init(
            files: folders.map { RelativePath.join($0, TensorFolder.fileName) }, of: model)
    }

    init(files: [String], of model: some Module) throws {
        // The files are read through the model itself, which knows their names; its own values come back after.
        let own = model.parameters.map(\.value)
        defer { for (parameter, value) in zip(model.parameters, own) { parameter.value = value } }
        let context = Context()
        var sums: [ObjectIdentifier: Tensor] = [:]
        for file in files {
            try ModelFiles.load(model, from: SafetensorsFile(path: file))
            for parameter in model.parameters {
                let key = ObjectIdentifier(parameter)
                sums[key] = sums[key].map { context.add($0, parameter.value) } ?? parameter.value
            }
        }
        values = sums.mapValues { context.affine($0, scale: 1 / Double(files.count)) }
    }

    func value(of parameter: Parameter) -> Tensor {
        values[ObjectIdentifier(parameter)] ?? parameter.value
    }

    /// What `body` gives while the model has these weights.
    func inPlace<Result>(in model: some Module, _ body: () throws -> Result) rethrows -> Result {
        let own = model.parameters.map(\.value)
        defer { for (parameter, value) in zip(model.parameters, own) { parameter.value = value } }
        for parameter in model.parameters { parameter.value = value(of: parameter) }
        return try body()
    }
}

extension EpochReport {
    /// The report as a line of `metrics.jsonl`.
    func json(rate: Double) -> JSONValue {
        var object = JSONObject()
        object.insert(.int(epoch), forName: "epoch")
        object.insert(.int(update), forName: "update")
        object.insert(.double(trainingLoss), forName: "train_loss")
        object.insert(.double(validationLoss), forName: "valid_loss")
        object.insert(.double(validationPerplexity), forName: "valid_perplexity")
        for (name, score) in scores.sorted(by: { $0.key < $1.key }) {
            object.insert(.double(score), forName: name)
        }
        object.insert(.double(rate), forName: "learning_rate")
        object.insert(.bool(isBest), forName: "best")
        object.insert(.double(seconds), forName: "seconds")
        return .object(object)
    }
}

extension AverageReport {
    /// The report as the last line of `metrics.jsonl`.
    var json: JSONValue {
        var object = JSONObject()
        object.insert(.array(epochs.map { .int($0) }), forName: AverageReport.epochsName)
        object.insert(.int(update), forName: "update")
        object.insert(.double(validationLoss), forName: "valid_loss")
        object.insert(.double(validationPerplexity), forName: "valid_perplexity")
        return .object(object)
    }

    /// What a line about an average has, and those about epochs have not.
    static let epochsName = "averaged_epochs"
}
