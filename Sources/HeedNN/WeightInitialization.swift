/// How the weights of a new model are drawn.
public enum WeightInitialization: String, Sendable, CaseIterable {
    /// Tables of vectors from N(0, 1/D), projections to queries, keys and values Xavier-uniform with gain 1/√2, so that
    /// they are drawn as one layer, and all other layers Xavier-uniform.
    case normal
    /// Every matrix Xavier-uniform, tables of vectors included (Glorot and Bengio 2010).
    case xavierUniform = "xavier-uniform"
    /// Every matrix from N(0, 0.02²), those whose results are added to the residual stream of L layers with 1/√(2 L) of it
    /// (Radford et al. 2019).
    case gpt2
}
