import Testing

/// A file of known verdict: its bytes, and whether they are read or for which reasons refused.
struct SafetensorsCase: Sendable, CustomTestStringConvertible {
    enum Verdict: Sendable {
        case ok
        case refused([String])
    }

    let name: String
    let bytes: [UInt8]
    let verdict: Verdict

    init(_ name: String, hex: String, _ verdict: Verdict) {
        self.name = name
        bytes = bytesOfHex(hex)
        self.verdict = verdict
    }

    init(_ name: String, header: String, data: String = "", _ verdict: Verdict) {
        self.name = name
        bytes = safetensorsBytes(header: header, data: bytesOfHex(data))
        self.verdict = verdict
    }

    var testDescription: String { name }
}

func bytesOfHex(_ hex: String) -> [UInt8] {
    let digits = hex.compactMap(\.hexDigitValue).map(UInt8.init)
    return stride(from: 0, to: digits.count - 1, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

func safetensorsBytes(header: String, data: [UInt8] = []) -> [UInt8] {
    let length = UInt64(header.utf8.count)
    return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + Array(header.utf8) + data
}

/// Files at every edge of the format that any reader should agree on.
let safetensorsCases: [SafetensorsCase] = [
    SafetensorsCase(
        "ok_empty_map",
        header: #"{}"#, .ok),
    SafetensorsCase(
        "ok_leading_ws",
        header: #"\#u{9}\#u{a}{}\#u{d} "#, .ok),
    SafetensorsCase(
        "ok_zero_dim",
        header: #"{"test":{"dtype":"I32","shape":[2,0],"data_offsets":[0,0]}}"#, .ok),
    SafetensorsCase(
        "ok_unordered",
        header: #"{"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]},"a":{"dtype":"U8","shap"#
            + #"e":[2],"data_offsets":[0,2]}}"#, data: "01020304", .ok),
    SafetensorsCase(
        "ok_metadata",
        header: #"{"__metadata__":{"format":"pt","x":""},"a":{"dtype":"U8","shape":[1],"data_o"#
            + #"ffsets":[0,1]}}"#, data: "00", .ok),
    SafetensorsCase(
        "ok_unaligned_data",
        header: #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}   "#, data: "0000c03f", .ok
    ),
    SafetensorsCase(
        "ok_utf8_name",
        header: #"{"重み🦙":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, data: "00", .ok),
    SafetensorsCase(
        "len_7_bytes", hex: "00000000000000", .refused(["headerTooSmall"])),
    SafetensorsCase(
        "len_no_body", hex: "3c00000000000000", .refused(["invalidHeaderLength"])),
    SafetensorsCase(
        "len_u64_max", hex: "ffffffffffffffff7b7d", .refused(["headerTooLarge"])),
    SafetensorsCase(
        "len_int_max", hex: "ffffffffffffff7f7b7d", .refused(["headerTooLarge"])),
    SafetensorsCase(
        "len_100MB_exact_no_body", hex: "00e1f505000000007b7d", .refused(["invalidHeaderLength"])),
    SafetensorsCase(
        "utf8_overlong",
        hex: "36000000000000007b22c0af223a7b226474797065223a225538222c22736861706522"
            + "3a5b315d2c22646174615f6f666673657473223a5b302c315d7d7d00", .refused(["invalidUTF8"])),
    SafetensorsCase(
        "utf8_truncated", hex: "09000000000000007b22f09fa6223a317d", .refused(["invalidUTF8"])),
    SafetensorsCase(
        "json_open_brace",
        header: #"{"#, .refused(["invalidJSON"])),
    SafetensorsCase(
        "json_string_top",
        header: #""x""#, .refused(["invalidJSON"])),
    SafetensorsCase(
        "json_trailing_garbage",
        header: #"{}x"#, .refused(["invalidJSON"])),
    SafetensorsCase(
        "json_trailing_comma",
        header: #"{"a":{"dtype":"U8","shape":[1,],"data_offsets":[0,1]}}"#, data: "00",
        .refused(["invalidJSON"])),
    SafetensorsCase(
        "json_single_quote",
        header: #"{'a':1}"#, .refused(["invalidJSON"])),
    SafetensorsCase(
        "json_raw_newline_in_string",
        header: #"{"a\#u{a}":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, data: "00",
        .refused(["invalidJSON"])),
    SafetensorsCase(
        "json_nan_literal",
        header: #"{"a":{"dtype":"U8","shape":[NaN],"data_offsets":[0,1]}}"#, data: "00",
        .refused(["invalidJSON"])),
    SafetensorsCase(
        "info_null",
        header: #"{"a":null}"#, .refused(["invalidTensorInfo"])),
    SafetensorsCase(
        "info_as_array",
        header: #"{"a":["U8",[1],[0,1]]}"#, data: "00", .refused(["invalidTensorInfo"])),
    SafetensorsCase(
        "info_missing_shape",
        header: #"{"a":{"dtype":"U8","data_offsets":[0,1]}}"#, data: "00",
        .refused(["invalidTensorInfo"])),
    SafetensorsCase(
        "info_unknown_field",
        header: #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}}"#, data: "00", .ok),
    SafetensorsCase(
        "dtype_unknown",
        header: #"{"a":{"dtype":"F33","shape":[1],"data_offsets":[0,4]}}"#, data: "00000000",
        .refused(["unknownDtype"])),
    SafetensorsCase(
        "dtype_empty",
        header: #"{"a":{"dtype":"","shape":[1],"data_offsets":[0,4]}}"#, data: "00000000",
        .refused(["unknownDtype"])),
    SafetensorsCase(
        "shape_negative",
        header: #"{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}"#, data: "00",
        .refused(["invalidTensorInfo"])),
    SafetensorsCase(
        "shape_exponent",
        header: #"{"a":{"dtype":"U8","shape":[1e0],"data_offsets":[0,1]}}"#, data: "00",
        .refused(["invalidTensorInfo"])),
    SafetensorsCase(
        "shape_string",
        header: #"{"a":{"dtype":"U8","shape":"1","data_offsets":[0,1]}}"#, data: "00",
        .refused(["invalidTensorInfo"])),
    SafetensorsCase(
        "shape_bits_overflow",
        header: #"{"test":{"dtype":"I32","shape":[2,9223372036854775807],"data_offsets":[0,16]"#
            + #"}}"#, data: "00000000000000000000000000000000", .refused(["shapeOverflow"])),
    SafetensorsCase(
        "shape_zero_then_huge",
        header: #"{"a":{"dtype":"U8","shape":[0,9223372036854775808,2],"data_offsets":[0,0]}}"#,
        .refused(["shapeOverflow"])),
    SafetensorsCase(
        "shape_mismatch_big",
        header: #"{"test":{"dtype":"I32","shape":[1],"data_offsets":[0,16]}}"#,
        data: "00000000000000000000000000000000", .refused(["sizeMismatch"])),
    SafetensorsCase(
        "subbyte_F4_odd",
        header: #"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}"#, data: "0000",
        .refused(["misaligned"])),
    SafetensorsCase(
        "off_negative",
        header: #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[-1,0]}}"#, data: "00",
        .refused(["invalidTensorInfo"])),
    SafetensorsCase(
        "off_one_entry",
        header: #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}"#, data: "00",
        .refused(["invalidTensorInfo"])),
    SafetensorsCase(
        "off_reversed",
        header: #"{"a":{"dtype":"I32","shape":[4],"data_offsets":[16,0]}}"#,
        data: "00000000000000000000000000000000", .refused(["invalidOffset"])),
    SafetensorsCase(
        "off_hole_between",
        header: #"{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shap"#
            + #"e":[4],"data_offsets":[8,12]}}"#, data: "000000000000000000000000",
        .refused(["invalidOffset"])),
    SafetensorsCase(
        "off_end_int_max",
        header: #"{"a":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,922337203"#
            + #"6854775807]}}"#, .refused(["shapeOverflow", "dataOutOfFile"])),
    SafetensorsCase(
        "data_missing",
        header: #"{"test":{"dtype":"I32","shape":[2,2],"data_offsets":[0,16]}}"#,
        .refused(["dataOutOfFile"])),
    SafetensorsCase(
        "data_extra_empty_map",
        header: #"{}"#, data: "78", .refused(["trailingData"])),
    SafetensorsCase(
        "dup_identical",
        header: #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shap"#
            + #"e":[1],"data_offsets":[0,1]}}"#, data: "00", .refused(["duplicateKey"])),
    SafetensorsCase(
        "dup_metadata",
        header: #"{"__metadata__":{},"__metadata__":{}}"#, .refused(["duplicateKey"])),
    SafetensorsCase(
        "meta_number_value",
        header: #"{"__metadata__":{"k":1}}"#, .refused(["invalidMetadata"])),
    SafetensorsCase(
        "meta_array",
        header: #"{"__metadata__":[]}"#, .refused(["invalidMetadata"])),
    SafetensorsCase(
        "name_traversal",
        header: #"{"../../etc/passwd":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#,
        data: "00", .ok),
    SafetensorsCase(
        "off_same_range_x10",
        header: "{"
            + (0..<10).map {
                #""weight_\#($0)":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]}"#
            }.joined(separator: ",") + "}",
        data: String(repeating: "00", count: 16), .refused(["invalidOffset"])),
]
