import Dispatch
import Glibc

/// Requests to a server on this machine, one connection each; no more of HTTP than a browser's driver needs.
enum LocalHTTP {
    /// Sends a request and gives the body of the answer, whatever its status. Nobody's thread waits but one of its own.
    static func send(
        _ method: String, _ path: String, port: UInt16, body: [UInt8]
    ) async throws -> [UInt8] {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result { try exchange(method, path, port: port, body: body) })
            }
        }
    }

    private static func exchange(
        _ method: String, _ path: String, port: UInt16, body: [UInt8]
    ) throws -> [UInt8] {
        let connection = try connect(to: port)
        defer { close(connection) }
        let head = """
            \(method) \(path) HTTP/1.1\r
            Host: 127.0.0.1:\(port)\r
            Content-Type: application/json\r
            Content-Length: \(body.count)\r
            Connection: close\r
            \r

            """
        var rest = (Array(head.utf8) + body)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes {
                unsafe Glibc.send(
                    connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw BrowserError("cannot send to the driver: \(errno)") }
            rest = rest.dropFirst(count)
        }
        return try answer(from: connection)
    }

    private static func connect(to port: UInt16) throws -> Int32 {
        let connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var limit = timeval(tv_sec: 120, tv_usec: 0)
        _ = unsafe setsockopt(
            connection, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let status = unsafe withUnsafeBytes(of: &address) { bytes in
            unsafe Glibc.connect(
                connection, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress,
                socklen_t(bytes.count))
        }
        guard status == 0 else {
            close(connection)
            throw BrowserError("cannot connect to the driver: \(errno)")
        }
        return connection
    }

    /// The body of an answer: as long as its head says, or all until the end.
    private static func answer(from connection: Int32) throws -> [UInt8] {
        var bytes: [UInt8] = []
        var end: Int?
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        var bodyStart = 0
        while end.map({ bytes.count < $0 }) ?? true {
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe recv(connection, $0.baseAddress, $0.count, 0)
            }
            guard count >= 0 else { throw BrowserError("the driver does not answer: \(errno)") }
            if count == 0 { break }
            bytes += buffer[..<count]
            if bodyStart == 0, let head = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
                bodyStart = head.upperBound
                let fields = String(decoding: bytes[..<head.lowerBound], as: UTF8.self)
                let length = fields.lowercased().firstMatch(of: #/content-length:\s*(\d+)/#)
                end = length.flatMap { Int($0.output.1) }.map { bodyStart + $0 }
            }
        }
        guard bodyStart > 0 else { throw BrowserError("the driver ended the connection") }
        return Array(bytes[bodyStart...])
    }
}
