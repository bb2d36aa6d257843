// PackageTests
