// swift-tools-version: 6.2

import PackageDescription

// A package of its own, as that of whoever uses Heed: from a copy of the repository it names the path, elsewhere the
// address, `.package(url: "https://…/heed", from: "0.1.0")`.
let package = Package(
    name: "HeedExamples",
    dependencies: [.package(name: "heed", path: "..")],
    targets: [
        example("CopyTask", "HeedGeneration", "HeedModels", "HeedNN", "HeedTensor"),
        example("CustomLayer", "HeedNN", "HeedTensor", "HeedTestSupport"),
        example("TranslationServer", "HeedTasks"),
        example("CaptureAttention", "HeedModels", "HeedNN", "HeedTasks", "HeedTensor"),
        example("Weights", "HeedFormats", "HeedModels", "HeedNN", "HeedTensor"),
    ],
    swiftLanguageModes: [.v6]
)

func example(_ name: String, _ products: String...) -> Target {
    .executableTarget(
        name: name, dependencies: products.map { .product(name: $0, package: "heed") })
}
