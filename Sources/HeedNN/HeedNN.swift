// Sources of HeedNN.
