import HeedFormats

/// A page of one file: only its own script and style count, it loads nothing, and it sends nothing.
struct SelfContainedPage {
    /// What the browser shows above the page.
    var title: String
    var style: String
    /// The markup between `<body>` and its end.
    var body: String
    /// What the script finds in the element `data`; nil for a page without a script.
    var data: JSONValue?
    var script = ""

    /// Only what has this mark may run or set the style. All that comes from outside is escaped, so that nothing of it
    /// becomes an element, with this mark or another; it is the same in every page, so that the same page is the same file.
    static let nonce = "heed"

    /// The text of the page.
    var text: String {
        let scripts = data.map {
            """
            <script type="application/json" id="data">\(Self.embedded($0))</script>
            <script nonce="\(Self.nonce)">
            "use strict";
            \(script)
            </script>

            """
        }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; \
            script-src 'nonce-\(Self.nonce)'; style-src 'nonce-\(Self.nonce)'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="referrer" content="no-referrer">
            <title>\(SVGText.escaped(title))</title>
            <style nonce="\(Self.nonce)">
            \(style)
            </style>
            </head>
            <body>
            \(body)
            \(scripts ?? "")</body>
            </html>

            """
    }

    /// JSON that ends no script, whatever its texts are.
    static func embedded(_ value: JSONValue) -> String {
        // These stand in strings alone, where they may be written as numbers.
        JSONWriter().string(value).unicodeScalars.reduce(into: "") { text, scalar in
            switch scalar {
            case "<", ">", "&", "\u{2028}", "\u{2029}", "\u{7F}":
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
    }
}
