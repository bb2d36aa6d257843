// Sources of HeedText.
