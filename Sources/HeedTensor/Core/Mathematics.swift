import Glibc

/// The functions of one number that tables are made with, in double precision.
package func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
package func cosine(_ x: Double) -> Double { cos(x) }
package func sine(_ x: Double) -> Double { sin(x) }
/// The natural logarithm of x.
package func logarithm(_ x: Double) -> Double { log(x) }
/// e to the power of x.
package func exponential(_ x: Double) -> Double { exp(x) }
