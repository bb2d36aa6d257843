// swift-tools-version: 6.2

import PackageDescription

/// Every Swift target is built with the same checks.
let swiftSettings: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A layer of the package: a library that others may use by itself, and the layers it rests on.
func layer(_ name: String, on dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

func tests(_ name: String, of dependencies: [Target.Dependency]) -> Target {
    .testTarget(
        name: name,
        dependencies: dependencies + ["HeedTestSupport"],
        swiftSettings: swiftSettings
    )
}

let argumentParser: Target.Dependency = .product(
    name: "ArgumentParser", package: "swift-argument-parser")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")

let libraries = [
    "HeedTasks", "HeedModels", "HeedTraining", "HeedGeneration", "HeedNN", "HeedTensor",
    "HeedText", "HeedPatterns", "HeedFormats",
]

let package = Package(
    name: "Heed",
    products: libraries.map { .library(name: $0, targets: [$0]) } + [
        .executable(name: "heed", targets: ["heed"]),
        // For tests of layers and operators that others write.
        .library(name: "HeedTestSupport", targets: ["HeedTestSupport"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .executableTarget(
            name: "heed",
            dependencies: [
                "HeedTasks", "HeedModels", "HeedTraining", "HeedGeneration", "HeedTensor",
                "HeedText", "HeedPatterns", "HeedFormats", "CHeedMemory", argumentParser, yams,
            ],
            swiftSettings: swiftSettings
        ),
        .target(name: "CHeedMemory", cSettings: [.define("_GNU_SOURCE")]),
        layer(
            "HeedTasks",
            on: [
                "HeedModels", "HeedTraining", "HeedGeneration", "HeedNN", "HeedTensor", "HeedText",
                "HeedFormats",
            ]),
        layer("HeedModels", on: ["HeedGeneration", "HeedNN", "HeedTensor", "HeedFormats"]),
        layer("HeedTraining", on: ["HeedNN", "HeedTensor", "HeedFormats", protobuf]),
        layer("HeedGeneration", on: ["HeedTensor"]),
        layer("HeedNN", on: ["HeedTensor", "HeedFormats"]),
        layer("HeedTensor", on: ["CHeedKernels", "HeedFormats"]),
        layer("HeedText", on: ["HeedPatterns", "HeedFormats"]),
        layer("HeedPatterns", on: ["COniguruma"]),
        .systemLibrary(
            name: "COniguruma", pkgConfig: "oniguruma", providers: [.apt(["libonig-dev"])]),
        layer("HeedFormats", on: []),
        .target(
            name: "CHeedKernels",
            cSettings: [
                .define("_GNU_SOURCE"), .define("NDEBUG", .when(configuration: .release)),
            ],
            linkerSettings: [.linkedLibrary("dnnl"), .linkedLibrary("m")]
        ),
        .target(
            name: "HeedTestSupport",
            dependencies: ["HeedNN", "HeedTensor", "HeedFormats"],
            path: "Tests/HeedTestSupport",
            swiftSettings: swiftSettings
        ),
        tests("HeedFormatsTests", of: ["HeedFormats"]),
        tests("HeedTextTests", of: ["HeedText", "HeedPatterns", "HeedFormats"]),
        tests("HeedTensorTests", of: ["HeedTensor", "CHeedKernels"]),
        tests("HeedNNTests", of: ["HeedNN", "HeedTensor", "HeedFormats"]),
        tests("HeedModelsTests", of: ["HeedModels", "HeedNN", "HeedTensor", "HeedFormats"]),
        tests("HeedGenerationTests", of: ["HeedGeneration", "HeedTensor"]),
        tests(
            "HeedTrainingTests",
            of: ["HeedTraining", "HeedNN", "HeedTensor", "HeedFormats", protobuf]),
        tests(
            "HeedTasksTests",
            of: [
                "HeedTasks", "HeedModels", "HeedTraining", "HeedNN", "HeedTensor", "HeedText",
                "HeedFormats",
            ]),
        tests("HeedProgramTests", of: ["HeedFormats", "HeedTasks"]),
        tests("PackageTests", of: []),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .gnu17
)

// The fuzzers of `make fuzz` alone need what follows: other builds do not see it.
if Context.environment["HEED_FUZZING"] != nil {
    package.targets += [
        .target(name: "CHeedFuzzDriver", path: "Fuzzing/Driver"),
        .executableTarget(
            name: "heed-fuzz",
            dependencies: [
                "CHeedFuzzDriver", "HeedTasks", "HeedModels", "HeedTraining", "HeedTensor",
                "HeedText", "HeedFormats", yams,
            ],
            path: "Fuzzing/Targets",
            swiftSettings: swiftSettings
        ),
    ]
}
