// Sources of HeedGeneration.
