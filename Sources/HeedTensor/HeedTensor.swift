// Sources of HeedTensor.
